# Every source that is made before it is compiled: for tools that read sources and compile nothing.
add_custom_target(ferry_generated)

# ferry_embed(TARGET OUTPUT NAMESPACE FILE...): compiles the files' bytes into the target, each as a
# `const std::string_view` of this namespace named after the file (page.js: page_js); made anew when a file changes.
# What a file holds does not matter, nor how long it is: its bytes are written as numbers, not as a string.
function(ferry_embed target output namespace)
  set(script ${PROJECT_SOURCE_DIR}/cmake/EmbedFiles.cmake)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE files)
  list(JOIN files "|" joined)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAMESPACE=${namespace} -DFILES=${joined} -P ${script}
    DEPENDS ${files} ${script}
    COMMENT "Embedding files into ${target}" VERBATIM)
  # A target of another folder does not see this folder's rules, and waits for a target instead.
  add_custom_target(${target}_embedded DEPENDS ${output})
  add_dependencies(${target} ${target}_embedded)
  add_dependencies(ferry_generated ${target}_embedded)
  target_sources(${target} PRIVATE ${output})
endfunction()
