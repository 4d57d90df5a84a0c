# Programs on a model without bootstraps, from spec to class:
#   cmake -DCLIENT=... -DSERVER=... -DEXPLAIN=... -DMODEL=... -P one_layer.cmake
set(folder ${CMAKE_CURRENT_BINARY_DIR}/one_layer_files)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})

function(expect pattern)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${folder} RESULT_VARIABLE result OUTPUT_VARIABLE said
    ERROR_VARIABLE complained)
  if(NOT result EQUAL 0 OR NOT "${said}${complained}" MATCHES "${pattern}" OR "${said}" MATCHES "nan|-inf")
    message(FATAL_ERROR "${ARGN}: exit code ${result}, or no '${pattern}' in: ${said}${complained}")
  endif()
endfunction()

# 64 pixels of 'A', 65 of 255: level 4 of 16. examples/train/model_file.py says what the logits are.
string(REPEAT "A" 64 pixels)
file(WRITE ${folder}/image.pgm "P5\n8 8\n255\n${pixels}")

expect("64 - 3, 0 bootstraps.*nothing is bootstrapped.*2\\^-40 allowed.*not hidden" ${EXPLAIN} --model=${MODEL} --json=plan.json)
file(READ ${folder}/plan.json plan)
string(JSON bootstraps GET ${plan} bootstraps)
string(JSON key_bytes GET ${plan} bytes evaluation_key)
if(NOT bootstraps EQUAL 0 OR NOT key_bytes EQUAL 144)
  message(FATAL_ERROR "explain's figures: ${plan}")
endif()

expect("" ${SERVER} spec --model=${MODEL} --out=spec.tnn)
expect("parameters       n [0-9]+\n.*evaluation key   144 bytes.*3: low; middle; high" ${CLIENT} describe --spec=spec.tnn)
expect("" ${CLIENT} keygen --no-passphrase --spec=spec.tnn --secret=secret.tnn --eval=eval.tnn)
expect("" ${CLIENT} encrypt --spec=spec.tnn --secret=secret.tnn --image=image.pgm --out=input.tnn)
expect("" ${SERVER} infer --model=${MODEL} --key=eval.tnn --in=input.tnn --out=output.tnn --threads=1)
expect("logit 0: 98\\.0000\nlogit 1: -74\\.0000\nlogit 2: 160\\.0000\nclass: 2, high" ${CLIENT} decrypt --spec=spec.tnn --secret=secret.tnn --in=output.tnn)
