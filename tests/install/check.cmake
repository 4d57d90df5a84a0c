# Installs BUILD_DIR into a new folder and builds main.c against it: with the CMake package, then with pkg-config.
#   cmake -DBUILD_DIR=... -DC_COMPILER=... -DC_FLAGS=... -DLIBDIR=... -P check.cmake
set(WORK ${BUILD_DIR}/install-check)
file(REMOVE_RECURSE ${WORK})
set(PREFIX ${WORK}/prefix)
set(RUN COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)

execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${PREFIX} OUTPUT_QUIET ${RUN})

execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build
  -DCMAKE_PREFIX_PATH=${PREFIX} -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_C_FLAGS=${C_FLAGS} OUTPUT_QUIET ${RUN})
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build OUTPUT_QUIET ${RUN})
execute_process(COMMAND ${WORK}/build/user ${RUN})

set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
execute_process(COMMAND pkg-config --define-variable=prefix=${PREFIX} --cflags --libs torusnn
  OUTPUT_VARIABLE FLAGS OUTPUT_STRIP_TRAILING_WHITESPACE ${RUN})
separate_arguments(FLAGS UNIX_COMMAND "${C_FLAGS} ${FLAGS}")
execute_process(COMMAND ${C_COMPILER} ${CMAKE_CURRENT_LIST_DIR}/main.c -o ${WORK}/user-pkg-config ${FLAGS} ${RUN})
execute_process(COMMAND ${WORK}/user-pkg-config ${RUN})
