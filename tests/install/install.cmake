# An installed torusnn in a folder that its configuration knew nothing of: everything is there, says where it is, runs,
# and can be linked with.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
set(PREFIX ${WORK}/moved)
step(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK}/prefix)
file(RENAME ${WORK}/prefix ${PREFIX})

must_exist(${PREFIX}/include/torusnn/torusnn.h ${PREFIX}/include/torusnn/tfhe.h ${PREFIX}/include/torusnn/status.h
  ${PREFIX}/share/doc/torusnn/LICENSE)
pkg_config_folder(folder ${PREFIX})
foreach(library torusnn torusnn-client)
  output(flags ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${folder} pkg-config --cflags ${library})
  if(NOT flags MATCHES "-I${PREFIX}/")
    message(FATAL_ERROR "pkg-config --cflags ${library} names no folder below ${PREFIX}: ${flags}")
  endif()
endforeach()
check_consumers(${PREFIX})

if(PROGRAMS)
  foreach(program quickstart client server)
    must_exist(${PREFIX}/bin/torusnn-${program})
    if(HELP2MAN)
      must_exist(${PREFIX}/share/man/man1/torusnn-${program}.1)
    endif()
  endforeach()
  # The installed model, not the source tree's.
  file(RENAME ${PREFIX}/share/torusnn/models/digits.tnn ${PREFIX}/share/torusnn/models/pneumoniamnist.tnn)
  output(text ${PREFIX}/bin/torusnn-quickstart)
  if(NOT text MATCHES "logit 9 ")
    message(FATAL_ERROR "torusnn-quickstart did not evaluate the digits net of ten logits: ${text}")
  endif()
endif()

# Where pkg-config knows libsodium alone, a client finds its component and nobody finds the whole.
file(MAKE_DIRECTORY ${WORK}/pc)
output(sodium pkg-config --variable=pcfiledir libsodium)
file(COPY ${sodium}/libsodium.pc DESTINATION ${WORK}/pc)
set(ENV{PKG_CONFIG_LIBDIR} ${WORK}/pc)
configure(${CONSUMER} ${WORK}/client-without-fftw -DCMAKE_PREFIX_PATH=${PREFIX} -DPROGRAM=client -DCOMPONENT=client)
step(${CMAKE_COMMAND} --build ${WORK}/client-without-fftw)
execute_process(COMMAND ${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/main-without-fftw -DCMAKE_PREFIX_PATH=${PREFIX}
  RESULT_VARIABLE code OUTPUT_QUIET ERROR_VARIABLE said)
if(code EQUAL 0 OR NOT said MATCHES "torusnn::torusnn needs fftw3")
  message(FATAL_ERROR "without FFTW find_package(torusnn) says: ${said}")
endif()
