/* Exports nothing that a host looks for. */
int deskmate_plugin_start(void);
int deskmate_plugin_start(void) { return 0; }
