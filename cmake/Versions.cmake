# headroom_tells(NAME KEY VALUE …): writes lib/headroom/versions/NAME.json, in which a part says what it was built with and for. `headroom
# --version` shows it, and `headroom` finds the worker's Torch by it. Installed with the part.
function(headroom_tells NAME)
  set(text "{}")
  while(ARGN)
    list(POP_FRONT ARGN key value)
    string(JSON text SET "${text}" "${key}" "\"${value}\"")
  endwhile()
  set(file ${CMAKE_BINARY_DIR}/lib/headroom/versions/${NAME}.json)
  file(CONFIGURE OUTPUT ${file} CONTENT "${text}\n" @ONLY)
  install(FILES ${file} DESTINATION lib/headroom/versions)
endfunction()
