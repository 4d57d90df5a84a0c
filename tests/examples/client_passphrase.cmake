# Secret keys at rest: the client seals and opens them, and says in different words what is wrong. It runs in a session
# of its own, without a terminal.
#   cmake -DCLIENT=... -DSERVER=... -DMODEL=... -P client_passphrase.cmake
set(folder ${CMAKE_CURRENT_BINARY_DIR}/client_passphrase)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})
set(CLIENT setsid -w ${CLIENT})

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${folder} COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE said)
  set(said "${said}" PARENT_SCOPE)
endfunction()

function(refused words)
  file(GLOB before ${folder}/*)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${folder} RESULT_VARIABLE code ERROR_VARIABLE said TIMEOUT 60)
  file(GLOB after ${folder}/*)
  if(NOT code EQUAL 2 OR NOT said MATCHES "^client: [^\n]*${words}[^\n]*\n$" OR NOT before STREQUAL after)
    message(FATAL_ERROR "${ARGN}: exit code ${code}, or no '${words}' in: ${said}; or other files: ${after}")
  endif()
endfunction()

function(check_kind file kind)
  file(READ ${folder}/${file} start LIMIT 4 HEX)
  if(NOT start STREQUAL "544e4e${kind}")
    message(FATAL_ERROR "${file} starts with ${start}")
  endif()
endfunction()

file(WRITE ${folder}/phrase.txt "correct horse battery staple\n")
file(WRITE ${folder}/other.txt "correct horse battery stable\n")
file(WRITE ${folder}/empty.txt "")
run(${SERVER} spec --model ${MODEL} --out spec.tnn)
run(${CLIENT} draw --spec spec.tnn --out image.pgm)

set(KEYGEN ${CLIENT} keygen --spec spec.tnn --secret)
set(RIGHT --passphrase-file phrase.txt)
refused("no terminal to ask for it; give --passphrase-file FILE or --no-passphrase" ${KEYGEN} s.tnn --eval e.tnn)
refused("exclude each other" ${KEYGEN} s.tnn --eval e.tnn ${RIGHT} --no-passphrase)
refused("empty.txt: the passphrase is empty" ${KEYGEN} s.tnn --eval e.tnn --passphrase-file empty.txt)
refused("absent.txt: cannot be opened" ${KEYGEN} s.tnn --eval e.tnn --passphrase-file absent.txt)
run(${KEYGEN} plain.tnn --eval plain_eval.tnn --no-passphrase)
run(${KEYGEN} sealed.tnn --eval eval.tnn ${RIGHT})
check_kind(plain.tnn 53)  # TNNS
check_kind(sealed.tnn 4b) # TNNK
refused("sealed.tnn: exists" ${KEYGEN} sealed.tnn --eval e.tnn --no-passphrase)
refused("sealed.tnn: holds a secret key" ${KEYGEN} s.tnn --eval sealed.tnn --no-passphrase)

# The sealed key works, with its passphrase.
set(ENCRYPT ${CLIENT} encrypt --spec spec.tnn --image image.pgm --out input.tnn --secret)
set(DECRYPT ${CLIENT} decrypt --spec spec.tnn --in output.tnn --secret)
run(${ENCRYPT} sealed.tnn ${RIGHT})
run(${SERVER} infer --model ${MODEL} --key eval.tnn --in input.tnn --out output.tnn)
run(${DECRYPT} sealed.tnn ${RIGHT})
if(NOT said MATCHES "class: [01]")
  message(FATAL_ERROR "decrypt says: ${said}")
endif()
refused("sealed.tnn: is sealed, and there is no terminal" ${ENCRYPT} sealed.tnn)
refused("sealed.tnn: is sealed, and there is no terminal" ${DECRYPT} sealed.tnn)

# Another passphrase, a plain key, a damaged file: three sentences.
refused("sealed.tnn: the passphrase is not the one" ${ENCRYPT} sealed.tnn --passphrase-file other.txt)
refused("sealed.tnn: the passphrase is not the one" ${DECRYPT} sealed.tnn --passphrase-file other.txt)
refused("plain.tnn: the secret key is not sealed" ${ENCRYPT} plain.tnn ${RIGHT})
run(sh -c "head -c 200 sealed.tnn > damaged.tnn && printf x >> damaged.tnn && tail -c +202 sealed.tnn >> damaged.tnn")
refused("damaged.tnn: the data does not match its digest" ${ENCRYPT} damaged.tnn ${RIGHT})
run(sh -c "head -c 300 sealed.tnn > cut.tnn")
refused("cut.tnn: the data ends early" ${ENCRYPT} cut.tnn ${RIGHT})
