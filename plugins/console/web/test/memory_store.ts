// The browser's store, for tests.
export class MemoryStore implements Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'> {
  readonly map = new Map<string, string>();
  get length(): number {
    return this.map.size;
  }
  key = (i: number): string | null => [...this.map.keys()][i] ?? null;
  getItem = (name: string): string | null => this.map.get(name) ?? null;
  setItem = (name: string, text: string): void => void this.map.set(name, text);
  removeItem = (name: string): void => void this.map.delete(name);
}
