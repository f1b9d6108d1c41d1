# cmake -DOUT=file.c -DFILES=a;b -P embed.cmake: files as constant octets in the table cf_files of tools/conform.h.
# SPDX-License-Identifier: Apache-2.0
set(text "/* Made by cmake/embed.cmake. */\n#include \"conform.h\"\n\n#include <string.h>\n\n")
set(rows "")
set(number 0)
string(REPLACE "|" ";" FILES "${FILES}")
foreach(file IN LISTS FILES)
  file(READ ${file} octets HEX)
  string(REGEX REPLACE "(..)" "0x\\1," octets "${octets}")
  get_filename_component(name ${file} NAME)
  string(APPEND text "static const unsigned char file_${number}[] = {${octets}0};\n")
  string(APPEND rows "    {\"${name}\", file_${number}, sizeof file_${number} - 1u},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND text "\nconst cf_file_t cf_files[] = {\n${rows}    {NULL, NULL, 0}};\n\n"
       "const cf_file_t *cf_file_find(const char *name) {\n    size_t i;\n\n"
       "    for (i = 0; cf_files[i].name != NULL; i++) {\n"
       "        if (strcmp(cf_files[i].name, name) == 0) {\n            return &cf_files[i];\n        }\n    }\n"
       "    return NULL;\n}\n")
file(WRITE ${OUT} "${text}")
