/*
 * Preloaded (`node --import`) into every process that the bench starts: when the bench is gone, however it ended, its
 * IPC channel closes and the process ends too. Loading this does not keep a process alive. It is JavaScript, because
 * Node.js takes 18 MB more in a process that has to strip types.
 */
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
