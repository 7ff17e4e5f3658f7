# cpack: Debian packages headroom, headroom-viewer and headroom-dev, and one archive of everything that works wherever it is unpacked.
# Torch is in none of them: headroom-setup-torch fetches it, or HEADROOM_TORCH_DIR names it (docs/install.md).
set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_PACKAGE_NAME headroom)
set(CPACK_PACKAGE_VENDOR Headroom)
set(HEADROOM_MAINTAINER "Headroom <headroom@localhost>" CACHE STRING "Who packs, as Debian's packages say it")
set(CPACK_PACKAGE_CONTACT ${HEADROOM_MAINTAINER})
configure_file(debian/changelog.in changelog @ONLY)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "memory profiler for transformers, with a virtual GPU")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
string(TOLOWER "headroom-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" CPACK_PACKAGE_FILE_NAME)
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/tidy_package.cmake)

set(CPACK_COMPONENTS_ALL headroom dev)
if(HEADROOM_GUI)
  list(APPEND CPACK_COMPONENTS_ALL viewer)
endif()
foreach(component ${CPACK_COMPONENTS_ALL})
  string(REPLACE "headroom-headroom" headroom package headroom-${component})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  set(CPACK_DEBIAN_${upper}_FILE_NAME DEB-DEFAULT)
  install(FILES debian/copyright ${CMAKE_CURRENT_BINARY_DIR}/changelog DESTINATION share/doc/${package} COMPONENT ${component})
  install(FILES debian/${package}.lintian-overrides DESTINATION share/lintian/overrides RENAME ${package} COMPONENT ${component})
endforeach()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${CPACK_PACKAGE_CONTACT})
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/lib/headroom/virtual-gpu)
if(HEADROOM_TORCH)
  list(APPEND CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${HEADROOM_TORCH_DIR}/lib)
endif()

set(CPACK_COMPONENT_HEADROOM_DESCRIPTION "Headroom runs the real forward pass, backward pass and optimizer step
of a model and records every allocation: by layer, by category, at the
instant of the peak. On a virtual GPU, PyTorch's own CUDA code runs without
any GPU.
.
Reports and lists work at once. To run models, Torch is fetched by
headroom-setup-torch.")
set(CPACK_DEBIAN_HEADROOM_PACKAGE_RECOMMENDS "python3, ca-certificates")
set(CPACK_DEBIAN_HEADROOM_PACKAGE_SUGGESTS headroom-viewer)
set(CPACK_DEBIAN_HEADROOM_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm)

set(CPACK_COMPONENT_VIEWER_DESCRIPTION "The viewer: memory over time, the address space, layers and tensors of
recordings, runs side by side; every view as a picture or a table, with and
without a window.")
set(CPACK_DEBIAN_VIEWER_PACKAGE_RECOMMENDS "headroom (= ${PROJECT_VERSION})")

set(CPACK_COMPONENT_DEV_DESCRIPTION "Static libraries and headers for programs that read recordings, for
find_package(headroom) of CMake.")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libfmt-dev, nlohmann-json3-dev, libtomlplusplus-dev, libzstd-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)

include(CPack)
