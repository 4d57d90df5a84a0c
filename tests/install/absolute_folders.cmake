# CMAKE_INSTALL_LIBDIR and CMAKE_INSTALL_INCLUDEDIR as absolute paths: pkg-config names them as they were given.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
configure(${SOURCE_DIR} ${WORK}/build -DTORUSNN_TESTS=OFF -DTORUSNN_EXAMPLES=OFF -DTORUSNN_BENCH=OFF
  -DCMAKE_INSTALL_PREFIX=/opt/t -DCMAKE_INSTALL_LIBDIR=/opt/t/lib64 -DCMAKE_INSTALL_INCLUDEDIR=/opt/u/include)
foreach(library torusnn torusnn-client)
  foreach(expected libdir=/opt/t/lib64 includedir=/opt/u/include prefix=/opt/t)
    string(REGEX REPLACE "(.*)=(.*)" "\\1;\\2" expected ${expected})
    list(POP_FRONT expected variable)
    output(value pkg-config --variable=${variable} ${WORK}/build/src/${library}.pc)
    if(NOT value STREQUAL expected)
      message(FATAL_ERROR "${library}.pc: ${variable} is ${value}, not ${expected}")
    endif()
  endforeach()
endforeach()
