//! Times tfhe-rs on one thread: the bootstrap of a 2_2 parameter set, alone and with its key switch, one ciphertext at a
//! time and in batches. Prints one JSON object. Argument: samples of each operation.
use std::time::Instant;

use tfhe::core_crypto::prelude::*;
use tfhe::shortint::parameters::v1_6::V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M40 as SET;

const BATCH: usize = 8;

/// Milliseconds of the best of `samples` runs.
fn best_ms(samples: usize, mut run: impl FnMut()) -> f64 {
    (0..samples)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

struct Keys {
    fourier: FourierLweBootstrapKeyOwned,
    switch: LweKeyswitchKeyOwned<u64>,
    small: LweSecretKeyOwned<u64>,
    big: LweSecretKeyOwned<u64>,
}

fn keys(
    secret: &mut SecretRandomGenerator<DefaultRandomGenerator>,
    noise: &mut EncryptionRandomGenerator<DefaultRandomGenerator>,
) -> Keys {
    let small = allocate_and_generate_new_binary_lwe_secret_key(SET.lwe_dimension, secret);
    let glwe = allocate_and_generate_new_binary_glwe_secret_key(SET.glwe_dimension, SET.polynomial_size, secret);
    let big = glwe.clone().into_lwe_secret_key();
    let standard = allocate_and_generate_new_lwe_bootstrap_key(
        &small, &glwe, SET.pbs_base_log, SET.pbs_level, SET.glwe_noise_distribution, SET.ciphertext_modulus, noise);
    let mut fourier = FourierLweBootstrapKey::new(
        SET.lwe_dimension, SET.glwe_dimension.to_glwe_size(), SET.polynomial_size, SET.pbs_base_log, SET.pbs_level);
    convert_standard_lwe_bootstrap_key_to_fourier(&standard, &mut fourier);
    let switch = allocate_and_generate_new_lwe_keyswitch_key(
        &big, &small, SET.ks_base_log, SET.ks_level, SET.lwe_noise_distribution, SET.ciphertext_modulus, noise);
    Keys { fourier, switch, small, big }
}

fn main() {
    let samples: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20);
    let mut seeder = new_seeder();
    let mut secret = SecretRandomGenerator::<DefaultRandomGenerator>::new(seeder.seed());
    let mut noise = EncryptionRandomGenerator::<DefaultRandomGenerator>::new(seeder.seed(), seeder.as_mut());
    let keys = keys(&mut secret, &mut noise);

    let messages = (SET.message_modulus.0 * SET.carry_modulus.0) as usize;
    let delta = (1u64 << 63) / messages as u64;
    let square = |x: u64| (x * x) % messages as u64;
    let table = generate_programmable_bootstrap_glwe_lut(
        SET.polynomial_size, SET.glwe_dimension.to_glwe_size(), messages, SET.ciphertext_modulus, delta, square);
    let message = 7u64;
    let input = allocate_and_encrypt_new_lwe_ciphertext(
        &keys.small, Plaintext(message * delta), SET.lwe_noise_distribution, SET.ciphertext_modulus, &mut noise);
    let mut output = LweCiphertext::new(0u64, keys.big.lwe_dimension().to_lwe_size(), SET.ciphertext_modulus);
    let mut switched = LweCiphertext::new(0u64, keys.small.lwe_dimension().to_lwe_size(), SET.ciphertext_modulus);

    let fft = Fft::new(SET.polynomial_size);
    let fft = fft.as_view();
    let mut buffers = ComputationBuffers::new();
    buffers.resize(
        batch_programmable_bootstrap_lwe_ciphertext_mem_optimized_requirement::<u64>(
            SET.glwe_dimension.to_glwe_size(), SET.polynomial_size, CiphertextCount(BATCH), fft)
        .unaligned_bytes_required());

    let single = best_ms(samples, || {
        programmable_bootstrap_lwe_ciphertext_mem_optimized(
            &input, &mut output, &table, &keys.fourier, fft, buffers.stack())
    });
    let phase = decrypt_lwe_ciphertext(&keys.big, &output).0;
    assert_eq!((phase.wrapping_add(delta / 2)) / delta, square(message), "tfhe-rs gave another value than the table's");
    let with_switch = best_ms(samples, || {
        keyswitch_lwe_ciphertext(&keys.switch, &output, &mut switched);
        programmable_bootstrap_lwe_ciphertext_mem_optimized(
            &input, &mut output, &table, &keys.fourier, fft, buffers.stack())
    });

    let mut inputs = LweCiphertextList::new(
        0u64, keys.small.lwe_dimension().to_lwe_size(), LweCiphertextCount(BATCH), SET.ciphertext_modulus);
    let mut outputs = LweCiphertextList::new(
        0u64, keys.big.lwe_dimension().to_lwe_size(), LweCiphertextCount(BATCH), SET.ciphertext_modulus);
    let mut tables = GlweCiphertextList::new(
        0u64, SET.glwe_dimension.to_glwe_size(), SET.polynomial_size, GlweCiphertextCount(BATCH), SET.ciphertext_modulus);
    for (mut to, mut of) in inputs.iter_mut().zip(tables.iter_mut()) {
        to.as_mut().copy_from_slice(input.as_ref());
        of.as_mut().copy_from_slice(table.as_ref());
    }
    let batched = best_ms(samples, || {
        batch_programmable_bootstrap_lwe_ciphertext_mem_optimized(
            &inputs, &mut outputs, &tables, &keys.fourier, fft, buffers.stack())
    }) / BATCH as f64;

    println!(
        "{{\"version\": \"{}\", \"set\": \"PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M40\", \"n\": {}, \"k\": {}, \"N\": {}, \
         \"bs_base_log\": {}, \"bs_levels\": {}, \"log2_failure\": {}, \"bootstrapping_key_bytes\": {}, \
         \"key_switch_key_bytes\": {}, \"batch\": {BATCH}, \"pbs_ms\": {single}, \"pbs_batched_ms\": {batched}, \
         \"ks_pbs_ms\": {with_switch}}}",
        "1.8.2", SET.lwe_dimension.0, SET.glwe_dimension.0, SET.polynomial_size.0, SET.pbs_base_log.0,
        SET.pbs_level.0, SET.log2_p_fail,
        8 * SET.lwe_dimension.0 * SET.pbs_level.0 * SET.glwe_dimension.to_glwe_size().0.pow(2) * SET.polynomial_size.0,
        8 * keys.switch.as_ref().len());
}
