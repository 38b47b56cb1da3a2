// Where a status stands on a parcel's usual way.
const way = ['pending', 'picked_up', 'in_transit', 'out_for_delivery', 'delivered'];
const places: Record<string, number> = {
  info_received: 0,
  customs_hold: 2,
  exception: 2,
  lost: 2,
  damaged: 2,
  available_for_pickup: 3,
  attempt_failed: 3,
};
export const troubles = new Set([
  'customs_hold', 'exception', 'lost', 'damaged', 'attempt_failed', 'returning', 'returned', 'expired',
]);

export interface Stations {
  steps: string[];
  at: number; // -1: not known
}

export function stations(status: string): Stations {
  if (status === 'returning' || status === 'returned') {
    return { steps: ['picked_up', 'in_transit', 'returning', 'returned'], at: status === 'returned' ? 3 : 2 };
  }
  const at = way.indexOf(status);
  if (at >= 0) return { steps: way, at };
  const place = places[status];
  if (place === undefined) return { steps: way, at: -1 };
  const steps = [...way];
  steps[place] = status;
  return { steps, at: place };
}
