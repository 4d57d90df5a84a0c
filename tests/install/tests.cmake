# What users get from `cmake --install` and from the packages, and how torusnn behaves inside a host project.

# torusnn_install_test(script label definitions...): runs tests/install/<script>.cmake.
function(torusnn_install_test script label)
  list(TRANSFORM ARGN PREPEND -D)
  torusnn_test_run(test_${script} ${label} ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR}
    -DBUILD_DIR=${PROJECT_BINARY_DIR} -DC_COMPILER=${CMAKE_C_COMPILER} -DC_FLAGS=${CMAKE_C_FLAGS}
    -DVERSION=${PROJECT_VERSION} -DPROGRAMS=${TORUSNN_EXAMPLES} ${ARGN}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/install/${script}.cmake)
endfunction()

torusnn_install_test(install fast HELP2MAN=$<BOOL:${TORUSNN_HELP2MAN}>)
torusnn_install_test(absolute_folders fast)
torusnn_install_test(host_configures fast)
torusnn_install_test(host_builds long)
torusnn_install_test(shared_library long)

find_program(DPKG_DEB dpkg-deb)
find_program(DEBOOTSTRAP debootstrap PATHS /usr/sbin)
execute_process(COMMAND id -u OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE)
if(DEBOOTSTRAP AND user EQUAL 0) # a root file system is made by root alone, from a mirror
  torusnn_install_test(python_in_clean_root long DEBOOTSTRAP=${DEBOOTSTRAP})
endif()
if(DPKG_DEB AND TORUSNN_EXAMPLES)
  torusnn_install_test(package fast DPKG_DEB=${DPKG_DEB})
  if(DEBOOTSTRAP AND user EQUAL 0)
    torusnn_install_test(package_in_clean_root long DEBOOTSTRAP=${DEBOOTSTRAP})
  endif()
endif()
