# A program that links torusnn-client alone makes keys, encrypts, and decrypts what the whole library evaluated; neither
# it nor the library holds anything of FFTW or of the server:
#   cmake -DALONE=... -DOTHER_SIDE=... -DLIBRARY=... -DMODELS=a,b -DNM=... -DLDD=... -P check.cmake
set(folder ${CMAKE_CURRENT_BINARY_DIR}/client_files)
file(MAKE_DIRECTORY ${folder})

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${folder} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

string(REPLACE "," ";" MODELS ${MODELS})
foreach(model ${MODELS})
  run(${OTHER_SIDE} spec ${model} spec.tnn clear.txt)
  run(${ALONE} keys spec.tnn secret.tnn eval.tnn input.tnn)
  run(${OTHER_SIDE} infer ${model} eval.tnn input.tnn output.tnn)
  run(${ALONE} read spec.tnn secret.tnn output.tnn clear.txt)
endforeach()

# Another key reads nothing of it.
run(${ALONE} keys spec.tnn secret_2.tnn eval_2.tnn input_2.tnn)
execute_process(COMMAND ${ALONE} read spec.tnn secret_2.tnn output.tnn clear.txt WORKING_DIRECTORY ${folder}
  RESULT_VARIABLE code ERROR_VARIABLE said)
if(code EQUAL 0 OR NOT said MATCHES "decrypt: ")
  message(FATAL_ERROR "a key reads another one's result: ${said}")
endif()

set(SERVER_ONLY "fftw|tnn_fft|tnn_quad|tnn_engine|tnn_kernels|tnn_server_key|tnn_bootstrap[^p]|tnn_blind_rotat|tnn_external_product|tnn_key_switch[^i]|tnn_workspace|tnn_evaluat|tnn_infer|tnn_compile|tnn_circuit|tnn_model|tnn_simulat|tnn_search|tnn_shape_")
foreach(file ${ALONE} ${LIBRARY})
  execute_process(COMMAND ${NM} ${file} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY ERROR_QUIET)
  if(NOT symbols MATCHES "tnn_decrypt")
    message(FATAL_ERROR "${file} shows no tnn_decrypt: this check would prove nothing")
  endif()
  if(symbols MATCHES "(${SERVER_ONLY})[a-z_]*")
    message(FATAL_ERROR "${file} holds ${CMAKE_MATCH_0}")
  endif()
endforeach()
execute_process(COMMAND ${LDD} ${ALONE} OUTPUT_VARIABLE libraries COMMAND_ERROR_IS_FATAL ANY)
if(NOT libraries MATCHES "libsodium" OR libraries MATCHES "fftw")
  message(FATAL_ERROR "${ALONE} is linked with: ${libraries}")
endif()
