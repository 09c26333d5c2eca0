import type { SocketLike } from '../src/socket';
export function replay(): SocketLike { return new WebSocket('ws://x'); }
