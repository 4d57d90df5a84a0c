# What the scripts of this folder share. They run with
#   cmake -DSOURCE_DIR=... -DBUILD_DIR=... -DC_COMPILER=... -DC_FLAGS=... -DVERSION=... -DPROGRAMS=... -P <script>
# in a folder of their own, WORK.
get_filename_component(WORK ${CMAKE_SCRIPT_MODE_FILE} NAME_WE)
set(WORK ${BUILD_DIR}/install-tests/${WORK})
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
set(CONSUMER ${CMAKE_CURRENT_LIST_DIR})

# What a command prints; it must succeed.
function(output result)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK} OUTPUT_VARIABLE text ERROR_VARIABLE complaint
    RESULT_VARIABLE code OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ECHO STDOUT)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "ended with ${code}:\n${text}\n${complaint}")
  endif()
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# Runs a command, which must succeed.
function(step)
  output(ignored ${ARGN})
endfunction()

function(configure source build)
  step(${CMAKE_COMMAND} -G Ninja -S ${source} -B ${build} -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_C_FLAGS=${C_FLAGS}
    ${ARGN})
endfunction()

function(must_exist)
  foreach(path ${ARGN})
    if(NOT EXISTS ${path})
      message(FATAL_ERROR "${path} is not there")
    endif()
  endforeach()
endfunction()

# The folder of the installed .pc files.
function(pkg_config_folder result prefix)
  file(GLOB_RECURSE file ${prefix}/*/torusnn.pc)
  get_filename_component(folder ${file} DIRECTORY)
  set(${result} ${folder} PARENT_SCOPE)
endfunction()

# Builds and runs <program>.c against an installed library: with the CMake package, then with pkg-config.
function(check_consumer prefix program component library)
  configure(${CONSUMER} ${WORK}/${program} -DCMAKE_PREFIX_PATH=${prefix} -DPROGRAM=${program} -DCOMPONENT=${component})
  step(${CMAKE_COMMAND} --build ${WORK}/${program})
  step(${WORK}/${program}/user)

  pkg_config_folder(folder ${prefix})
  get_filename_component(library_folder ${folder} DIRECTORY)
  output(flags ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${folder} pkg-config --cflags --libs ${library})
  separate_arguments(flags UNIX_COMMAND "${C_FLAGS} ${flags}")
  step(${C_COMPILER} ${CONSUMER}/${program}.c -o ${program}-pkg-config ${flags})
  step(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${library_folder} ${WORK}/${program}-pkg-config)
endfunction()

function(check_consumers prefix)
  check_consumer(${prefix} main torusnn torusnn)
  check_consumer(${prefix} client client torusnn-client)
endfunction()
