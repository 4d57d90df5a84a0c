# The Debian package in the smallest Debian there is, of the release that runs this test: apt finds what it depends on,
# and an encrypted image is classified. Needs root and a mirror.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
step(${CMAKE_CPACK_COMMAND} --config ${BUILD_DIR}/CPackConfig.cmake -B ${WORK}/packages)
file(STRINGS /etc/os-release release REGEX "^VERSION_CODENAME=")
string(REPLACE "VERSION_CODENAME=" "" release ${release})
step(${DEBOOTSTRAP} --variant=minbase ${release} ${WORK}/root)
file(GLOB packages ${WORK}/packages/torusnn_*.deb)
file(COPY_FILE ${packages} ${WORK}/root/torusnn.deb)
step(chroot ${WORK}/root apt-get install -y --no-install-recommends /torusnn.deb)
step(chroot ${WORK}/root torusnn-quickstart)
step(chroot ${WORK}/root torusnn-explain --model /usr/share/torusnn/models/digits.tnn)
file(REMOVE_RECURSE ${WORK}/root)
