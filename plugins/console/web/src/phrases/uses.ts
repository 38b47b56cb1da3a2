// How often this browser's member took a phrase, so that the usual ones come first.
const kept = 'deskmate.phrases';
const namesMax = 200;
let uses: Record<string, number> | null = null;

export function usesOf(): Record<string, number> {
  if (uses) return uses;
  try {
    uses = JSON.parse(localStorage.getItem(kept) ?? '{}') as Record<string, number>;
  } catch {
    uses = {};
  }
  return uses;
}

export function used(name: string): void {
  const all = usesOf();
  if (!(name in all) && Object.keys(all).length >= namesMax) return;
  all[name] = (all[name] ?? 0) + 1;
  localStorage.setItem(kept, JSON.stringify(all));
}
