/** Where each part of a process stands, for `/readiness`. */
export interface ReadinessBoard {
  set(part: string, state: string, isReady: boolean): void;
  /** Forgets all parts: others take their place. */
  reset(): void;
  ready(): boolean;
  /** One line a part, those that are not ready first. */
  lines(): string[];
}

export function createReadinessBoard(): ReadinessBoard {
  const parts = new Map<string, { readonly state: string; readonly isReady: boolean }>();
  return {
    set: (part, state, isReady) => void parts.set(part, { state, isReady }),
    reset: () => parts.clear(),
    ready: () => [...parts.values()].every(({ isReady }) => isReady),
    lines: () =>
      [...parts]
        .toSorted(([, a], [, b]) => Number(a.isReady) - Number(b.isReady))
        .map(([part, { state }]) => `${part}: ${state}`),
  };
}
