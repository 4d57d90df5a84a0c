# The layers' rules, tried out:
#   cmake -DSOURCE_DIR=... -DLAYER_PATHS=... -DC_COMPILER=... -DNM=... -P check.cmake
#
# 1. An include that points up does not compile: for each layer, a file that includes a header of a layer above, with
#    the include path that src/CMakeLists.txt gives to the layer. The same file with a header of its own layer compiles.
# 2. One file includes fftw3.h, one includes sodium.h.
# 3. The library neither prints nor ends the program.
# 4. No two files need each other (circles.sh), and two that do are noticed.
include(${LAYER_PATHS}) # PATH_<layer>: the folders that CMake really gives to its compiler
set(SRC ${SOURCE_DIR}/src)

# Does `#include <header>` compile with a layer's path?
function(compiles layer header result)
  set(probe ${CMAKE_CURRENT_BINARY_DIR}/include_probe.c)
  file(WRITE ${probe} "#include <${header}>\n")
  list(TRANSFORM PATH_${layer} PREPEND -I OUTPUT_VARIABLE folders)
  execute_process(COMMAND ${C_COMPILER} -std=c11 -fsyntax-only ${folders} ${probe}
    RESULT_VARIABLE code ERROR_VARIABLE ignored)
  set(${result} ${code} PARENT_SCOPE)
endfunction()

function(expect_own layer header)
  compiles(${layer} ${header} code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${layer} cannot include its own ${header}")
  endif()
endfunction()

function(expect_refused layer header)
  file(GLOB_RECURSE existing ${SRC}/*/${header} ${SOURCE_DIR}/include/*/${header})
  if(NOT existing)
    message(FATAL_ERROR "no ${header} to refuse: this check would prove nothing")
  endif()
  compiles(${layer} ${header} code)
  if(code EQUAL 0)
    message(FATAL_ERROR "${layer} can include ${header}, which is above it")
  endif()
endfunction()

foreach(pair base:pool.h random:random.h fft:fft.h tfhe_client:keys.h tfhe_server:engine.h tfhe_server:keys.h nn_model:range.h nn_compile:circuit.h nn_encoding:encoding.h
             nn_run:evaluation.h wire:key_file.h wire_model:header.h api_client:objects.h api:compiler.h)
  string(REPLACE ":" ";" pair ${pair})
  expect_own(${pair})
endforeach()
foreach(pair base:random.h base:fft.h base:torusnn/tfhe.h random:keys.h random:fft.h fft:random.h fft:keys.h tfhe_client:fft.h
             tfhe_client:quad_fft.h tfhe_client:engine.h tfhe_client:server_key.h tfhe_client:kernels.h tfhe_client:model.h
             tfhe_client:torusnn/torusnn.h tfhe_server:model.h tfhe_server:circuit.h tfhe_server:torusnn/torusnn.h
             nn_model:engine.h nn_model:circuit.h nn_model:evaluation.h nn_model:header.h nn_model:fft.h
             nn_model:torusnn/torusnn.h nn_compile:engine.h nn_compile:evaluation.h nn_compile:encoding.h nn_compile:header.h nn_compile:fft.h
             nn_compile:torusnn/torusnn.h nn_encoding:circuit.h nn_run:header.h nn_run:torusnn/torusnn.h nn_run:fft.h
             wire:engine.h wire:circuit.h wire:evaluation.h wire:encoding.h wire_model:circuit.h api_client:engine.h api_client:circuit.h)
  string(REPLACE ":" ";" pair ${pair})
  expect_refused(${pair})
endforeach()

# The sources of the library that match a pattern.
function(sources_with pattern result)
  file(GLOB_RECURSE sources ${SRC}/*.c ${SRC}/*.h)
  set(found "")
  foreach(source ${sources})
    file(STRINGS ${source} lines REGEX "${pattern}")
    if(lines)
      list(APPEND found ${source})
    endif()
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

foreach(pair fftw3.h:${SRC}/fft/fftw_plans.c sodium.h:${SRC}/random/sodium.c)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 header)
  list(GET pair 1 only)
  sources_with("#include *[<\"]${header}" found)
  if(NOT found STREQUAL only)
    message(FATAL_ERROR "${header} belongs in ${only} alone, not in: ${found}")
  endif()
endforeach()

sources_with("(^|[^_a-zA-Z])(abort|exit|printf|fprintf|puts|assert) *\\(" found)
if(found)
  message(FATAL_ERROR "The library neither prints nor ends the program: ${found}")
endif()

# Objects of the library: one kernel set stands for all.
function(check_circles src objects expected)
  execute_process(COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/circles.sh ${NM} ${src} ${objects}
    RESULT_VARIABLE code ERROR_VARIABLE said)
  if(NOT said MATCHES "${expected}" OR (code EQUAL 0 AND expected) OR (NOT code EQUAL 0 AND NOT expected))
    message(FATAL_ERROR "circles.sh says '${said}', not '${expected}'")
  endif()
endfunction()

check_circles(${SRC} "${OBJECTS}" "")

set(planted ${CMAKE_CURRENT_BINARY_DIR}/planted_circle)
file(WRITE ${planted}/first.c "void second(void); void first(void); void first(void) { second(); }\n")
file(WRITE ${planted}/second.c "void second(void); void first(void); void second(void) { first(); }\n")
foreach(file first second)
  execute_process(COMMAND ${C_COMPILER} -c -o ${planted}/${file}.c.o ${planted}/${file}.c COMMAND_ERROR_IS_FATAL ANY)
endforeach()
check_circles(${SRC} "${OBJECTS};${planted}/first.c.o;${planted}/second.c.o" "first and second need each other")
