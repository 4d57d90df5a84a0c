# The client takes no file's place that would be missed:
#   cmake -DCLIENT=... -DSERVER=... -DMODEL=... -P client_files.cmake
set(folder ${CMAKE_CURRENT_BINARY_DIR}/client_file_rules)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${folder} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Exit code 2, these words, and every file as it was.
function(refused words)
  file(GLOB before ${folder}/*)
  file(SHA256 ${folder}/secret.tnn secret)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${folder} RESULT_VARIABLE code ERROR_VARIABLE said TIMEOUT 20)
  file(GLOB after ${folder}/*)
  file(SHA256 ${folder}/secret.tnn secret_after)
  if(NOT code EQUAL 2 OR NOT said MATCHES "${words}")
    message(FATAL_ERROR "${ARGN}: exit code ${code}, or no '${words}' in: ${said}")
  endif()
  if(NOT before STREQUAL after OR NOT secret STREQUAL secret_after)
    message(FATAL_ERROR "${ARGN}: changed files: ${before}; then ${after}")
  endif()
endfunction()

set(KEYGEN ${CLIENT} keygen --spec spec.tnn --no-passphrase)
set(ENCRYPT ${CLIENT} encrypt --spec spec.tnn --secret secret.tnn --image image.pgm)
run(${SERVER} spec --model ${MODEL} --out spec.tnn)
run(${KEYGEN} --secret secret.tnn --eval eval.tnn)
run(${CLIENT} draw --spec spec.tnn --out image.pgm)
run(${ENCRYPT} --out input.tnn)
run(${SERVER} infer --model ${MODEL} --key eval.tnn --in input.tnn --out output.tnn)
run(${CLIENT} decrypt --spec spec.tnn --secret secret.tnn --in output.tnn)
run(${ENCRYPT} --out input.tnn) # in place of the earlier one

# A symbolic link, with a target or without.
file(WRITE ${folder}/real.tnn "")
file(CREATE_LINK real.tnn ${folder}/link.tnn SYMBOLIC)
file(CREATE_LINK nowhere.tnn ${folder}/dangling.tnn SYMBOLIC)
refused("is a symbolic link" ${ENCRYPT} --out link.tnn)
refused("is a symbolic link" ${ENCRYPT} --out dangling.tnn)
refused("is a symbolic link" ${KEYGEN} --secret dangling.tnn --eval e.tnn)

# One file under two spellings.
refused("cannot hold both keys" ${KEYGEN} --secret k.tnn --eval k.tnn)
refused("cannot hold both keys" ${KEYGEN} --secret k.tnn --eval ./k.tnn)
refused("cannot hold both keys" ${KEYGEN} --secret k.tnn --eval ${folder}/k.tnn)

# A secret key, whether the command reads it or not; another input.
refused("secret.tnn: is read by this command" ${ENCRYPT} --out secret.tnn)
refused("image.pgm: is read by this command" ${ENCRYPT} --out ./image.pgm)
refused("spec.tnn: is read by this command" ${KEYGEN} --secret new.tnn --eval spec.tnn)
refused("secret.tnn: holds a secret key" ${CLIENT} draw --spec spec.tnn --out secret.tnn)
refused("secret.tnn: holds a secret key" ${KEYGEN} --secret new.tnn --eval secret.tnn)
refused("secret.tnn: holds a secret key" ${SERVER} spec --model ${MODEL} --out secret.tnn)
refused("secret.tnn: exists" ${KEYGEN} --secret secret.tnn --eval eval.tnn)

# What is no regular file, as an input and as an output.
run(mkfifo pipe)
refused("pipe: is not a regular file" ${CLIENT} describe --spec pipe)
refused("pipe: is not a regular file" ${ENCRYPT} --out pipe)
refused("/dev/zero: is not a regular file" ${CLIENT} describe --spec /dev/zero)
refused("/dev/null: is not a regular file" ${ENCRYPT} --out /dev/null)

# Two that make keys under the same names at once: one pair, which belongs together. The key id stands at byte 96.
list(JOIN KEYGEN " " keygen)
foreach(round RANGE 2)
  run(sh -c "${keygen} --secret s.tnn --eval e.tnn 2>first & ${keygen} --secret s.tnn --eval e.tnn 2>second
             wait
             cat first second | grep -q 's.tnn: exists'")
  file(READ ${folder}/s.tnn secret_id OFFSET 96 LIMIT 16 HEX)
  file(READ ${folder}/e.tnn eval_id OFFSET 96 LIMIT 16 HEX)
  if(NOT secret_id STREQUAL eval_id)
    message(FATAL_ERROR "two keygens at once: secret key ${secret_id}, evaluation key ${eval_id}")
  endif()
  file(REMOVE ${folder}/s.tnn ${folder}/e.tnn)
endforeach()
