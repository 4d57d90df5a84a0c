# The library of a host project without a build type: programs of the host run, and so do users of what it installs.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
configure(${CONSUMER}/host ${WORK}/build -DTORUSNN=${SOURCE_DIR})
step(${CMAKE_COMMAND} --build ${WORK}/build -j 2)
step(${WORK}/build/app)
step(${WORK}/build/client_app)
step(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/prefix)
check_consumers(${WORK}/prefix)
