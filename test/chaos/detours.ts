import net from 'node:net';

/** The port of a service → that of the proxy before it. */
export type Detours = Readonly<Record<number, number>>;

/**
 * Leads every connection of this process to one of the ports through its proxy, whoever makes it: a broker tells
 * its own address, which is not the proxy's.
 */
export function takeDetours(detours: Detours): void {
  const direct = Reflect.get(net.Socket.prototype, 'connect') as (
    this: net.Socket,
    ...given: unknown[]
  ) => net.Socket;
  net.Socket.prototype.connect = function (
    this: net.Socket,
    first: unknown,
    ...others: unknown[]
  ): net.Socket {
    return direct.call(this, redirected(first, detours), ...others);
  };
}

/** A port, options, or the array of both kinds that Node's own callers pass. */
function redirected(target: unknown, detours: Detours): unknown {
  if (typeof target === 'number') return detours[target] ?? target;
  if (Array.isArray(target)) {
    target[0] = redirected(target[0], detours);
    return target;
  }
  if (typeof target !== 'object' || target === null || !('port' in target)) return target;
  return { ...target, port: detours[Number(target.port)] ?? target.port };
}
