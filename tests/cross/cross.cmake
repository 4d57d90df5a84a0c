# The library on a machine of another kind: built by a cross compiler against Debian's libraries of that machine, fast
# tests run by qemu. test_golden evaluates an image that a little-endian machine encrypted, for a spec that it wrote.
# Needs a mirror. cmake -DSOURCE_DIR=... -DWORK=... -DTRIPLET=... -DARCHITECTURE=... -DDEBOOTSTRAP=... -P cross.cmake
function(step)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK} RESULT_VARIABLE code COMMAND_ECHO STDOUT)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "ended with ${code}")
  endif()
endfunction()

# Packages are unpacked and not set up: nothing of the other machine runs but the tests.
file(STRINGS /etc/os-release release REGEX "^VERSION_CODENAME=")
string(REPLACE "VERSION_CODENAME=" "" release ${release})
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
step(${DEBOOTSTRAP} --foreign --variant=minbase --arch=${ARCHITECTURE}
  --include=libc6-dev,libfftw3-dev,libsodium-dev,libcmocka-dev ${release} ${WORK}/root)
file(GLOB packages ${WORK}/root/var/cache/apt/archives/*.deb)
foreach(package ${packages})
  step(dpkg-deb -x ${package} ${WORK}/root)
endforeach()

step(${CMAKE_COMMAND} -G Ninja -S ${SOURCE_DIR} -B ${WORK}/build -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_TOOLCHAIN_FILE=${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake -DTORUSNN_CROSS_TRIPLET=${TRIPLET}
  -DTORUSNN_CROSS_ROOT=${WORK}/root -DTORUSNN_EXAMPLES=OFF -DTORUSNN_BENCH=OFF)
step(${CMAKE_COMMAND} --build ${WORK}/build)

# Those that take seconds: under emulation each takes 20 to 50 times as long.
set(BASE bytes|memory|pool|status|gaussian|sodium|fft|kernels|gadget)
set(CLIENT lwe|glwe|packed|params|sampling|secret_key|eval_key|security)
set(WIRE header|input_file|model_file|model_file_2|output_file|params_file|secret_key_file|spec_file|eval_key_file)
step(${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/build --output-on-failure --no-tests=error
  -R "test_(${BASE}|${CLIENT}|${WIRE}|model|reference|tables|golden)$")
file(REMOVE_RECURSE ${WORK})
