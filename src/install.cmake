# What `cmake --install` copies of a library: the archive or shared object, the public headers, a pkg-config file and a
# component of the CMake package. Everything can be moved with its prefix, unless GNUInstallDirs' folders are absolute.
include(CMakePackageConfigHelpers)

set(TORUSNN_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/torusnn)

# <library>.pc. What a static library is linked with is public there; a shared one knows it itself.
function(torusnn_install_pkg_config library description packages)
  cmake_path(APPEND PC_LIBDIR "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
  cmake_path(APPEND PC_INCLUDEDIR "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
  set(PC_PREFIX ${CMAKE_INSTALL_PREFIX})
  if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    string(REGEX REPLACE "/$" "" PC_PREFIX "\${pcfiledir}/${up}")
  endif()
  set(PC_LIBS -l${library})
  set(PC_REQUIRES "")
  get_target_property(type ${library} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    string(APPEND PC_LIBS " -lm -pthread")
    list(JOIN packages " " PC_REQUIRES)
  endif()
  configure_file(torusnn.pc.in ${library}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${library}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# The component of the CMake package that imports torusnn::<component>.
function(torusnn_install_component library component packages)
  get_target_property(type ${library} TYPE)
  if(NOT type STREQUAL STATIC_LIBRARY)
    set(packages "")
  endif()
  configure_file(torusnn-component.cmake.in torusnn-component-${component}.cmake @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/torusnn-component-${component}.cmake
    DESTINATION ${TORUSNN_CMAKE_DIR} COMPONENT development)
  install(EXPORT torusnn-${component}-targets NAMESPACE torusnn::
    DESTINATION ${TORUSNN_CMAKE_DIR} COMPONENT development)
endfunction()

# torusnn_install_library(library COMPONENT name DESCRIPTION sentence REQUIRES packages): installs the target, <library>.pc
# and the component that imports it as torusnn::<name>. REQUIRES: pkg-config's names of what it is linked with, each found
# as PkgConfig::TORUSNN_<NAME>.
function(torusnn_install_library library)
  cmake_parse_arguments(ARG "" "COMPONENT;DESCRIPTION" "REQUIRES" ${ARGN})
  # Before 1.0 each minor version has a binary interface of its own.
  set_target_properties(${library} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} EXPORT_NAME ${ARG_COMPONENT})
  install(TARGETS ${library} EXPORT torusnn-${ARG_COMPONENT}-targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development)
  torusnn_install_pkg_config(${library} "${ARG_DESCRIPTION}" "${ARG_REQUIRES}")
  torusnn_install_component(${library} ${ARG_COMPONENT} "${ARG_REQUIRES}")
endfunction()

# What all libraries share.
foreach(part base tfhe api)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/${part}/torusnn
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
endforeach()
configure_package_config_file(torusnn-config.cmake.in torusnn-config.cmake INSTALL_DESTINATION ${TORUSNN_CMAKE_DIR})
write_basic_package_version_file(torusnn-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/torusnn-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/torusnn-config-version.cmake
  DESTINATION ${TORUSNN_CMAKE_DIR} COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/torusnn COMPONENT license)
