# deskmate_add_plugin(ID SOURCES...): builds a plugin and puts it, with the plugin.toml of the calling
# folder, into ${CMAKE_BINARY_DIR}/plugins/ID, a folder that a desk can load it from.
#
# The version script leaves the entry as the only exported symbol: otherwise dlclose does not unload
# what g++ builds (it exports unique symbols), and two plugins could see each other's.
#
# cmake --install puts the same folder into lib/deskmate/plugins/ID.
include(GNUInstallDirs)
set(DESKMATE_PLUGIN_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

function(deskmate_add_plugin id)
  add_library(${id} MODULE ${ARGN})
  target_link_libraries(${id} PRIVATE deskmate::sdk)
  set_target_properties(${id} PROPERTIES
    PREFIX "" OUTPUT_NAME ${id} SUFFIX .so
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins/${id}
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${DESKMATE_PLUGIN_CMAKE_DIR}/plugin.map)
  target_link_options(${id} PRIVATE
    -Wl,--version-script=${DESKMATE_PLUGIN_CMAKE_DIR}/plugin.map)
  get_target_property(sanitized ${id} COMPILE_OPTIONS)
  if(NOT "${sanitized}" MATCHES "fsanitize") # a sanitizer's symbols are bound at run time
    target_link_options(${id} PRIVATE -Wl,-z,defs)
  endif()
  configure_file(plugin.toml ${CMAKE_BINARY_DIR}/plugins/${id}/plugin.toml COPYONLY)
  set(installed ${CMAKE_INSTALL_LIBDIR}/deskmate/plugins/${id})
  install(TARGETS ${id} LIBRARY DESTINATION ${installed} COMPONENT plugins)
  install(FILES plugin.toml DESTINATION ${installed} COMPONENT plugins)
endfunction()

# deskmate_plugin_files(ID FILES...): puts more of the calling folder beside the plugin.
function(deskmate_plugin_files id)
  foreach(file ${ARGN})
    configure_file(${file} ${CMAKE_BINARY_DIR}/plugins/${id}/${file} COPYONLY)
  endforeach()
  install(FILES ${ARGN} DESTINATION ${CMAKE_INSTALL_LIBDIR}/deskmate/plugins/${id}
    COMPONENT plugins)
endfunction()
