# What `cmake --install` copies: the library, its public headers, a pkg-config file and a CMake package.
include(CMakePackageConfigHelpers)

set(TORUSNN_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/torusnn)
set(TORUSNN_PC_STATIC_LIBS "")
set(TORUSNN_PC_STATIC_REQUIRES "")
if(NOT BUILD_SHARED_LIBS)
  set(TORUSNN_PC_STATIC_LIBS "-lm -pthread")
  set(TORUSNN_PC_STATIC_REQUIRES "fftw3 libsodium")
endif()
configure_file(torusnn.pc.in torusnn.pc @ONLY)
configure_package_config_file(torusnn-config.cmake.in torusnn-config.cmake INSTALL_DESTINATION ${TORUSNN_CMAKE_DIR})
write_basic_package_version_file(torusnn-config-version.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS torusnn EXPORT torusnn-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(part base tfhe api)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/${part}/torusnn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()
install(EXPORT torusnn-targets NAMESPACE torusnn:: DESTINATION ${TORUSNN_CMAKE_DIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/torusnn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/torusnn-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/torusnn-config-version.cmake DESTINATION ${TORUSNN_CMAKE_DIR})
