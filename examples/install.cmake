# What `cmake --install` copies of the examples: the programs as torusnn-<name>, with a manual page each, and the models.
# <build>/bin holds the programs under these names.
find_program(TORUSNN_HELP2MAN help2man)
if(NOT TORUSNN_HELP2MAN)
  message(STATUS "No manual pages are made: they need help2man (Debian: help2man)")
endif()

# torusnn-<name>.1, from what `torusnn-<name> --help` says.
function(torusnn_install_manual name purpose)
  set(page ${PROJECT_BINARY_DIR}/man/torusnn-${name}.1)
  add_custom_command(OUTPUT ${page} DEPENDS program_${name} VERBATIM
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
    COMMAND ${TORUSNN_HELP2MAN} --no-info --section=1 --name=${purpose} --version-string=${PROJECT_VERSION}
            "--source=torusnn ${PROJECT_VERSION}" --output=${page} $<TARGET_FILE:program_${name}>)
  add_custom_target(manual_${name} ALL DEPENDS ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)
endfunction()

# torusnn_install_program(name purpose): the example <name>, linked once more under its installed name.
function(torusnn_install_program name purpose)
  if(NOT TARGET ${name})
    return()
  endif()
  get_target_property(libraries ${name} LINK_LIBRARIES)
  get_target_property(options ${name} LINK_OPTIONS)
  file(RELATIVE_PATH library_folder ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  add_executable(program_${name} $<TARGET_OBJECTS:${name}>)
  target_link_libraries(program_${name} PRIVATE ${libraries})
  if(options)
    target_link_options(program_${name} PRIVATE ${options})
  endif()
  set_target_properties(program_${name} PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME torusnn-${name}
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  if(BUILD_SHARED_LIBS)
    set_target_properties(program_${name} PROPERTIES INSTALL_RPATH $ORIGIN/${library_folder})
  endif()
  install(TARGETS program_${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  if(TORUSNN_HELP2MAN)
    torusnn_install_manual(${name} ${purpose})
  endif()
endfunction()

torusnn_install_program(quickstart "classifies an encrypted image in one process")
torusnn_install_program(client "makes keys, encrypts images, decrypts results")
torusnn_install_program(server "evaluates a model on encrypted images")
torusnn_install_program(medmnist "evaluates a model on a data set, encrypted and in the clear")
torusnn_install_program(explain "says what encrypted inference with a model costs and promises")

install(DIRECTORY models DESTINATION ${CMAKE_INSTALL_DATADIR}/torusnn COMPONENT programs)
