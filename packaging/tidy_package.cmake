# Run by cpack on what it has gathered, before it packs it: nothing of the machine that built it stays, and Debian's packages look as
# Debian's own do.
file(GLOB_RECURSE files LIST_DIRECTORIES false ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*)
find_program(strip strip REQUIRED)

foreach(file ${files})
  if(IS_SYMLINK ${file})
    continue()
  endif()
  if(file MATCHES "/lib/headroom/versions/worker.json$")
    file(READ ${file} text)
    string(JSON text ERROR_VARIABLE ignored REMOVE "${text}" torch_folder)
    file(WRITE ${file} "${text}\n")
  elseif(file MATCHES "/bin/headroom-worker$")
    file(READ_ELF ${file} RUNPATH folders)  # a list
    list(JOIN folders ":" runpath)
    list(FILTER folders INCLUDE REGEX "^\\$ORIGIN/")
    list(JOIN folders ":" own)
    file(RPATH_CHANGE FILE ${file} OLD_RPATH "${runpath}" NEW_RPATH "${own}")
  elseif(file MATCHES "/lib/headroom/.*\\.(vgpu|so)$")  # installed as files, which cpack does not strip
    execute_process(COMMAND ${strip} --strip-unneeded ${file} COMMAND_ERROR_IS_FATAL ANY)
  elseif(file MATCHES "\\.a$")
    execute_process(COMMAND ${strip} --strip-debug --enable-deterministic-archives ${file} COMMAND_ERROR_IS_FATAL ANY)
  elseif(CPACK_GENERATOR STREQUAL DEB AND file MATCHES "/man/man1/|/share/doc/[^/]+/changelog$")
    execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
  elseif(CPACK_GENERATOR STREQUAL DEB AND file MATCHES "/zsh/site-functions/")  # which Debian keeps for other sources
    string(REPLACE site-functions vendor-completions place ${file})
    cmake_path(GET place PARENT_PATH folder)
    file(MAKE_DIRECTORY ${folder})
    file(RENAME ${file} ${place})
    cmake_path(GET file PARENT_PATH folder)
    file(REMOVE_RECURSE ${folder})
  endif()
endforeach()
