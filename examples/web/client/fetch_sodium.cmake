# libsodium's C sources, from PyNaCl's source distribution:
#   cmake -DFOLDER=... [-DSDIST=...] -P fetch_sodium.cmake
# FOLDER/libsodium gets them. Without SDIST, which names the file where it is at hand, pip fetches it. Either way it is
# the file of this digest or none.
set(VERSION 1.6.2) # of PyNaCl; its libsodium is 1.0.20
set(SHA256 018494d6d696ae03c7e656e5e74cdfd8ea1326962cc401bcf018f1ed8436811c)

if(NOT SDIST)
  set(SDIST ${FOLDER}/pynacl-${VERSION}.tar.gz)
endif()
if(NOT EXISTS ${SDIST})
  find_program(PYTHON python3 REQUIRED)
  execute_process(
    COMMAND ${PYTHON} -m pip download --quiet --disable-pip-version-check --no-deps --no-binary pynacl
            --dest ${FOLDER} pynacl==${VERSION}
    COMMAND_ERROR_IS_FATAL ANY)
endif()
file(SHA256 ${SDIST} digest)
if(NOT digest STREQUAL SHA256)
  message(FATAL_ERROR "${SDIST} has the SHA-256 ${digest}, not ${SHA256}")
endif()

set(root pynacl-${VERSION}/src/libsodium)
set(version builds/msvc/version.h) # as libsodium's configure would fill it in
file(ARCHIVE_EXTRACT INPUT ${SDIST} DESTINATION ${FOLDER}/unpacked
  PATTERNS "${root}/src/libsodium/*" "${root}/${version}")
file(REMOVE_RECURSE ${FOLDER}/libsodium)
file(RENAME ${FOLDER}/unpacked/${root}/src/libsodium ${FOLDER}/libsodium)
file(RENAME ${FOLDER}/unpacked/${root}/${version} ${FOLDER}/libsodium/include/sodium/version.h)
file(REMOVE_RECURSE ${FOLDER}/unpacked)
file(GLOB_RECURSE files ${FOLDER}/libsodium/*)
file(TOUCH_NOCREATE ${files}) # the archive's times are older than any stamp
