# What `cmake --install` puts where, and the Debian package of it: `cpack -G DEB` in the build folder.
include(GNUInstallDirs)

set(CPACK_PACKAGE_NAME kube-ferry)
set(CPACK_PACKAGE_CONTACT "kube-ferry maintainers <maintainers@kube-ferry.io>")
set(CPACK_INSTALL_PREFIX /usr)
# For what belongs in /etc.
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# postinst makes the user with it.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
# For API servers that a public authority vouches for.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "service proxy for Kubernetes nodes")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"It watches Services and their endpoints, and carries every connection made
to a Service address to a healthy backend, in the place of kube-proxy: with
its inputs, flags and metric names, in user space, without iptables or NAT.")

set(ferry_package ${PROJECT_SOURCE_DIR}/deploy/package)
set(ferry_systemd ${PROJECT_SOURCE_DIR}/deploy/systemd)
set(ferry_packaged ${PROJECT_BINARY_DIR}/package)
set(ferry_debian_version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
string(TIMESTAMP ferry_build_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${ferry_package}/changelog.in ${ferry_packaged}/changelog.Debian @ONLY)
file(WRITE ${ferry_packaged}/conffiles "/etc/default/kube-ferry\n/etc/kube-ferry/config.yaml\n")

# ferry_install_compressed(FILE DESTINATION NAME): as Debian wants changelogs and manuals, the same for the same file.
function(ferry_install_compressed file destination name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  execute_process(COMMAND gzip -9nc INPUT_FILE ${file} OUTPUT_FILE ${ferry_packaged}/${name}.gz
    COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${ferry_packaged}/${name}.gz DESTINATION ${destination})
endfunction()

set(ferry_documents ${CMAKE_INSTALL_DATAROOTDIR}/doc/kube-ferry)

install(TARGETS kube-ferry RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${ferry_systemd}/kube-ferry.service DESTINATION lib/systemd/system)
install(FILES ${ferry_systemd}/sysusers.conf DESTINATION lib/sysusers.d RENAME kube-ferry.conf)
install(FILES ${ferry_systemd}/sysctl.conf DESTINATION lib/sysctl.d RENAME kube-ferry.conf)
install(FILES ${ferry_systemd}/kube-ferry.default DESTINATION /etc/default RENAME kube-ferry)
install(FILES ${ferry_systemd}/config.yaml DESTINATION /etc/kube-ferry)
install(DIRECTORY DESTINATION /etc/kube-ferry/services)
install(FILES ${ferry_package}/copyright DESTINATION ${ferry_documents})
install(DIRECTORY docs/ DESTINATION ${ferry_documents})
ferry_install_compressed(${PROJECT_SOURCE_DIR}/CHANGELOG.md ${ferry_documents} changelog)
ferry_install_compressed(${ferry_packaged}/changelog.Debian ${ferry_documents} changelog.Debian)

# Installed by what has the manual, as it is; Debian wants it compressed.
install(CODE [[
  set(page $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share/man/man8/kube-ferry.8)
  if(EXISTS ${page})
    execute_process(COMMAND gzip -9nf ${page} COMMAND_ERROR_IS_FATAL ANY)
  endif()
]])

set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${ferry_packaged}/conffiles ${ferry_package}/postinst ${ferry_package}/prerm ${ferry_package}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
