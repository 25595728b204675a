/**
 * Aborted by the first SIGTERM or SIGINT, which asks for an orderly stop. A second one means now.
 * @param endNow ends the process
 */
export function stopSignal(endNow: () => void): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) endNow();
    stop.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stop.signal;
}
