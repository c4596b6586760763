# Writes a source file that holds the bytes of others; ferry_embed (Embed.cmake) runs it with OUTPUT, NAMESPACE and FILES.
string(REPLACE "|" ";" files "${FILES}")
set(content "#include <string_view>\n\nnamespace ${NAMESPACE} {\n")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${name} name)
  file(READ ${file} bytes HEX)
  string(LENGTH "${bytes}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  # The byte after the last keeps the array of an empty file from having no elements.
  string(APPEND content "\nstatic constexpr char ${name}_bytes[] = {${bytes}0};\n"
    "extern const std::string_view ${name};\nconst std::string_view ${name}{${name}_bytes, ${size}};\n")
endforeach()
file(WRITE ${OUTPUT} "${content}\n}  // namespace ${NAMESPACE}\n")
