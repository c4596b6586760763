# The commit a binary was built from, written where only a change of it rebuilds anything.
set(FERRY_COMMIT "" CACHE STRING "The commit that --version tells; empty: what git says of the sources")
set(ferry_commit "${FERRY_COMMIT}")
find_package(Git QUIET)
if(GIT_FOUND AND NOT ferry_commit)
  execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --abbrev=12
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE ferry_commit
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  # It grows by a line with each commit, and then this is looked at again.
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --path-format=absolute --git-path logs/HEAD
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE head_log OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(head_log AND EXISTS ${head_log})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${head_log})
  endif()
endif()
if(NOT ferry_commit)
  set(ferry_commit "unknown")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/version.h.in ${PROJECT_BINARY_DIR}/generated/ferry_version.h @ONLY)
