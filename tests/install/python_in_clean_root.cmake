# README's section "In Python" word by word in the smallest Debian there is, of the release that runs this test: its
# commands, then its program; then the program again where nothing but the built wheel is. Needs root, a mirror and a
# package index.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
file(STRINGS /etc/os-release release REGEX "^VERSION_CODENAME=")
string(REPLACE "VERSION_CODENAME=" "" release ${release})
step(${DEBOOTSTRAP} --variant=minbase ${release} ${WORK}/root)

# How this machine reaches mirror and index, and whom it trusts beside Debian's authorities.
file(COPY /etc/resolv.conf DESTINATION ${WORK}/root/etc FOLLOW_SYMLINK_CHAIN)
if(EXISTS /etc/pip.conf)
  file(COPY /etc/pip.conf DESTINATION ${WORK}/root/etc)
endif()
file(COPY /usr/local/share/ca-certificates DESTINATION ${WORK}/root/usr/local/share FOLLOW_SYMLINK_CHAIN)

file(MAKE_DIRECTORY ${WORK}/root/torusnn)
step(bash -c "git -C ${SOURCE_DIR} ls-files -z | tar -C ${SOURCE_DIR} --null -T - -c | tar -C ${WORK}/root/torusnn -x")

# Lines of the first block of a language behind README's title.
function(readme_block result language)
  output(text sed -n "/^## In Python/,$p" ${SOURCE_DIR}/README.md)
  string(REGEX MATCH "```${language}\n([^`]*)```" ignored "${text}")
  set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

# No semicolon may be in the command: CMake would take it for a list.
function(inside command)
  step(${CMAKE_COMMAND} -E env --unset=PIP_FIND_LINKS --unset=PIP_CONSTRAINT chroot ${WORK}/root
    bash -euxo pipefail -c "cd /torusnn\n${command}")
endfunction()

readme_block(commands sh)
readme_block(program python)
inside("${commands}")
file(COPY ${SOURCE_DIR}/tests/python/made_images.py DESTINATION ${WORK}/root)
file(WRITE ${WORK}/root/program.py "${program}\nassert logits.shape == (4, 1)\nassert abs(logits - \
model.predict(images[:4])).max() < 8, logits\nprint(torusnn.__file__)\n")
inside("venv/bin/python /made_images.py pneumoniamnist.npz && venv/bin/python /program.py")

inside("venv/bin/pip wheel --no-deps --wheel-dir /wheels . && python3 -m venv /other && /other/bin/pip install /wheels/*.whl &&
  mkdir -p /elsewhere/examples && mv pneumoniamnist.npz /elsewhere && cp -r examples/models /elsewhere/examples &&
  mv /torusnn /gone && cd /elsewhere && /other/bin/python /program.py | grep '^/other/'")
file(REMOVE_RECURSE ${WORK}/root)
