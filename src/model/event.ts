/** Everything that can happen in a room, as one closed union; it grows with the detectors. */
export type PowerEvent = DeviceEvent;

/** A device announced itself, fell silent, or came back. */
export interface DeviceEvent {
  readonly kind: 'device';
  readonly scope: string;
  readonly atMs: number;
  readonly change: 'found' | 'silent' | 'back';
}
