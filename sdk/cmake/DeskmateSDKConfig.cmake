# find_package(DeskmateSDK) gives deskmate::sdk, deskmate::sdk_testing and deskmate_add_plugin().
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/DeskmateSDKTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/DeskmatePlugin.cmake)
