import type { Transaction } from "./sql.js";

/** Everything that is noted with who did it. */
export type AuditAction =
  | "key.created"
  | "key.changed"
  | "key.revoked"
  | "jwt.revoked"
  | "tick.updated"
  | "ticks.deleted"
  | "ticks.restored";

/** Something somebody did. */
export interface AuditEntry {
  /** The name of the token that it was done with. */
  readonly actor: string;
  readonly action: AuditAction;
  /** The key, the subject, or the symbol. */
  readonly target: string;
  readonly details?: Readonly<Record<string, string | number | boolean | null | readonly string[] | object>>;
}

/** Notes what a transaction does, within it: what was not done is not noted, and the other way round. */
export async function recordAudit(
  transaction: Transaction,
  { actor, action, target, details = {} }: AuditEntry,
): Promise<void> {
  await transaction`
    insert into audit (at, actor, action, target, details)
    values (fx_now(), ${actor}, ${action}, ${target}, ${JSON.stringify(details)}::text::jsonb)`;
}

/** Notes that keys or revoked subjects are others when the transaction is through. Whoever changes them does so one by one. */
export async function raiseAccessVersion(transaction: Transaction): Promise<void> {
  await transaction`update access_version set number = number + 1`;
}
