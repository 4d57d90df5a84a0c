# Two ranks give what the program `server` gives, byte for byte and in order, and leave no file where they fail:
#   cmake -DCLIENT=... -DSERVER=... -DMPIEXEC=... -DEVALUATE=... -DMODEL=... -P mpi.cmake
set(MPI ${MPIEXEC} -n 2 --allow-run-as-root --oversubscribe)
set(folder ${CMAKE_CURRENT_BINARY_DIR}/mpi)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${folder} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The files named, one after another. cmake -E cat stops at no byte.
function(join out)
  execute_process(COMMAND ${CMAKE_COMMAND} -E cat ${ARGN} WORKING_DIRECTORY ${folder} OUTPUT_FILE ${folder}/${out}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# An exit code that is not 0, these words, and no outputs.
function(refused words)
  execute_process(COMMAND ${MPI} ${EVALUATE} ${MODEL} ${ARGN} refused.tnn WORKING_DIRECTORY ${folder}
    RESULT_VARIABLE code ERROR_VARIABLE said TIMEOUT 60)
  if(code EQUAL 0 OR NOT said MATCHES "${words}" OR EXISTS ${folder}/refused.tnn)
    message(FATAL_ERROR "${ARGN}: exit code ${code}, or no '${words}' in: ${said}, or outputs")
  endif()
endfunction()

run(${SERVER} spec --model ${MODEL} --out spec.tnn)
run(${CLIENT} keygen --spec spec.tnn --no-passphrase --secret secret.tnn --eval eval.tnn)
run(${CLIENT} keygen --spec spec.tnn --no-passphrase --secret other_secret.tnn --eval other.tnn)
run(${CLIENT} draw --spec spec.tnn --out image.pgm)
set(inputs "")
set(outputs "")
foreach(index RANGE 6) # seven: shares of four and three. Each encryption is another
  run(${CLIENT} encrypt --spec spec.tnn --secret secret.tnn --image image.pgm --out input${index}.tnn)
  run(${SERVER} infer --model ${MODEL} --key eval.tnn --in input${index}.tnn --out output${index}.tnn)
  list(APPEND inputs input${index}.tnn)
  list(APPEND outputs output${index}.tnn)
endforeach()
join(inputs.tnn ${inputs})
join(expected.tnn ${outputs})
run(${MPI} ${EVALUATE} ${MODEL} eval.tnn inputs.tnn outputs.tnn)
run(${CMAKE_COMMAND} -E compare_files expected.tnn outputs.tnn)
run(${MPI} ${EVALUATE} ${MODEL} eval.tnn input0.tnn one.tnn) # a rank without an image
run(${CMAKE_COMMAND} -E compare_files output0.tnn one.tnn)

file(WRITE ${folder}/more.tnn "more")
join(long.tnn ${inputs} more.tnn)
refused("ends within an image" eval.tnn long.tnn)
refused("inference: " other.tnn inputs.tnn)
refused("input0.tnn: " input0.tnn inputs.tnn)
refused("no_such_file.tnn: " eval.tnn no_such_file.tnn)
