// One member's session on the desk's bus, over a WebSocket that may break at any time: it connects
// again by itself, and its readers go on after the last event that they have seen.
import { decodeEvent, decodeFrame, encodeFrame, kind, status, type DeskEvent, type Params } from './frames';

export type LinkState = 'connecting' | 'open' | 'cut' | 'refused';

export class BusError extends Error {
  // `sent`: the desk may have received the request, and its answer was lost.
  constructor(readonly status: number, message: string, readonly where = '', readonly sent = false) {
    super(message);
  }
}

// Worth another try: the desk did not answer, or not now.
const passing: readonly number[] = [status.unavailable, status.deadline, status.limit];
export const passes = (error: unknown): boolean => error instanceof BusError && passing.includes(error.status);

// What this needs of a WebSocket; tests have their own.
export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: Uint8Array): void;
  close(): void;
}

export interface ClientOptions {
  connect: () => Socket;
  // Is there still somebody logged in? Asked when a connection could not be made.
  mayConnect: () => Promise<boolean>;
  onState: (state: LinkState) => void;
  // After each welcome, before readers are opened again.
  onWelcome?: (welcome: Params) => void;
  random?: () => number;
}

// Named times and limits.
export const backoffFirstMs = 250;
export const backoffMaxMs = 5_000;
export const deadlineMs = 15_000;
export const silenceMs = 20_000; // without a word of a desk that pings: the connection is dead
export const readerCredit = 512;

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: BusError) => void;
  timer: ReturnType<typeof setTimeout>;
}

interface Reader {
  topics: string[];
  from: 'start' | 'now';
  last: number | null; // arrival of the last event seen, or where it was opened
  onEvents: (events: DeskEvent[]) => void;
  onOpen: (resumed: boolean) => void;
}

export class BusClient {
  state: LinkState = 'connecting';
  private socket: Socket | null = null;
  private welcomed = false;
  private nextId = 1;
  private tries = 0;
  private readonly pending = new Map<number, Pending>();
  private readonly readers = new Map<string, Reader>();
  private again: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setTimeout> | undefined;
  private pings = false;
  private ended = false;

  constructor(private readonly options: ClientOptions) {}

  start(): void {
    if (this.ended || this.socket) return;
    clearTimeout(this.again);
    this.set(this.state === 'open' ? 'cut' : this.state);
    const socket = this.options.connect();
    this.socket = socket;
    this.welcomed = false;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.send([kind.hello, { protocol: 1, role: 'member', name: 'console' }]);
      this.heard();
    };
    socket.onmessage = (event) => {
      if (this.socket !== socket || !(event.data instanceof ArrayBuffer)) return;
      this.heard();
      const frame = decodeFrame(new Uint8Array(event.data));
      if (frame) this.take(frame);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
  }

  // For good.
  end(): void {
    this.ended = true;
    clearTimeout(this.again);
    const socket = this.socket;
    this.lost();
    socket?.close();
  }

  // The network is said to be back, or the page is looked at again: no need to wait.
  nudge(): void {
    if (!this.socket && !this.ended) {
      this.tries = 0;
      this.start();
    }
  }

  request<T = Params>(method: string, params: Params = {}, deadline = deadlineMs): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.welcomed) {
        reject(new BusError(status.unavailable, '', method));
        return;
      }
      const id = this.nextId++;
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new BusError(status.deadline, '', method, true));
      }, deadline + 1_000);
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      this.send([kind.request, id, method, deadline, params]);
    });
  }

  // Follows topics; `onOpen(resumed)` is called at each opening, so that whoever keeps something in
  // memory can read it anew.
  read(name: string, reader: Omit<Reader, 'last'>): void {
    const kept: Reader = { ...reader, last: null };
    this.readers.set(name, kept);
    if (this.welcomed) void this.open(name, kept);
  }

  private async open(name: string, reader: Reader): Promise<void> {
    const resumed = reader.last !== null;
    try {
      const answer = await this.request<{ position?: number }>('reader.open', {
        name, topics: reader.topics, from: reader.last ?? reader.from, credit: readerCredit,
      });
      reader.last ??= Number(answer.position ?? 0);
      reader.onOpen(resumed);
    } catch {
      // A cut is mended by the next connection. A refusal by itself leaves it to whoever looks again.
      this.socket?.close();
    }
  }

  private take(frame: unknown[]): void {
    const [what, id] = frame as [number, number];
    switch (what) {
      case kind.welcome: {
        this.welcomed = true;
        this.tries = 0;
        const welcome = frame[1] as Params;
        const limits = welcome.limits as { heartbeat_ms?: number } | undefined;
        this.pings = (limits?.heartbeat_ms ?? 0) > 0;
        this.set('open');
        this.options.onWelcome?.(welcome);
        for (const [name, reader] of this.readers) void this.open(name, reader);
        break;
      }
      case kind.answer:
        this.settle(id)?.resolve(frame[2]);
        break;
      case kind.refusal: {
        const detail = (frame[3] ?? {}) as { message?: string; where?: string };
        this.settle(id)?.reject(new BusError(Number(frame[2]), String(detail.message ?? ''), detail.where));
        break;
      }
      case kind.events:
        this.deliver(String(frame[1]), frame[2]);
        break;
      case kind.ping:
        this.send([kind.pong, frame[1]]);
        break;
      case kind.goodbye:
        this.socket?.close();
        break;
    }
  }

  private deliver(name: string, list: unknown): void {
    const reader = this.readers.get(name);
    if (!reader || !Array.isArray(list)) return;
    const fresh: DeskEvent[] = [];
    for (const item of list) {
      const event = decodeEvent(item);
      if (!event || (reader.last !== null && event.arrival <= reader.last)) continue;
      reader.last = event.arrival;
      fresh.push(event);
    }
    if (fresh.length > 0) reader.onEvents(fresh);
    this.send([kind.credit, name, list.length]);
  }

  private settle(id: number): Pending | undefined {
    const found = this.pending.get(id);
    if (found) {
      this.pending.delete(id);
      clearTimeout(found.timer);
    }
    return found;
  }

  private send(frame: unknown[]): void {
    this.socket?.send(encodeFrame(frame));
  }

  private heard(): void {
    clearTimeout(this.watch);
    const socket = this.socket;
    this.watch = setTimeout(() => {
      if (this.socket === socket && (this.pings || !this.welcomed)) {
        this.lost();
        socket?.close();
      }
    }, silenceMs);
  }

  private lost(): void {
    const knew = this.welcomed;
    clearTimeout(this.watch);
    this.socket = null;
    this.welcomed = false;
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const one of waiting) {
      clearTimeout(one.timer);
      one.reject(new BusError(status.unavailable, '', '', true));
    }
    if (this.ended) return;
    this.set('cut');
    const most = Math.min(backoffMaxMs, backoffFirstMs * 2 ** this.tries++);
    const random = this.options.random ?? Math.random;
    this.again = setTimeout(() => void this.retry(knew), most / 2 + (most / 2) * random());
  }

  private async retry(knew: boolean): Promise<void> {
    if (!knew && !(await this.options.mayConnect())) {
      if (!this.ended) this.set('refused');
      return;
    }
    if (!this.socket && !this.ended) this.start();
  }

  private set(state: LinkState): void {
    if (this.state === state) return;
    this.state = state;
    this.options.onState(state);
  }
}
