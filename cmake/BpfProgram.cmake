# ferry_add_bpf_program(TARGET NAME SOURCE HEADERS...): compiles SOURCE for BPF and gives TARGET the header
# FOLDER/NAME.skel.h by which libbpf loads it, where FOLDER is the source's own. HEADERS: what SOURCE includes of ours.
function(ferry_add_bpf_program target name source)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
  set(skeleton ${generated}/${folder}/${name}.skel.h)
  file(MAKE_DIRECTORY ${generated}/${folder})
  # The kernel's headers for programs of this machine's kind; the compiler for BPF does not know where they are.
  if(CMAKE_LIBRARY_ARCHITECTURE)
    set(machine_headers -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  endif()
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE headers)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${FERRY_BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -I${PROJECT_SOURCE_DIR} ${machine_headers}
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${source} ${headers}
    COMMENT "Building the BPF program ${name}" VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${FERRY_BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}.part
    COMMAND ${CMAKE_COMMAND} -E rename ${skeleton}.part ${skeleton}
    DEPENDS ${object} VERBATIM)
  add_custom_target(ferry_${name} DEPENDS ${skeleton})
  add_dependencies(${target} ferry_${name})
  add_dependencies(ferry_generated ferry_${name})
  target_include_directories(${target} SYSTEM PRIVATE ${generated})
  target_link_libraries(${target} PRIVATE ${FERRY_LIBBPF})
endfunction()
