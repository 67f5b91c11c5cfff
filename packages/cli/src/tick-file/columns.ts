import { UnreadableError } from "./tick.js";

/** What a column can hold that a tick is made of. */
export const ROLES = ["time", "date", "symbol", "price", "bid", "ask", "seq"] as const;
export type Role = (typeof ROLES)[number];

/** What each column of a table holds; undefined for what ticks do not have. */
export type Roles = readonly (Role | undefined)[];

/** What the command line says of columns: what they hold in their order, or the names of some and of those that hold nothing. */
export type SaidColumns =
  | { readonly inOrder: Roles }
  | { readonly named: ReadonlyMap<Role, string>; readonly ignored: readonly string[] };

/** The names that each is known by, without case, spaces and signs. */
const NAMES: Readonly<Record<Role, string>> = {
  time: `time timestamp datetime dateandtime datetimestamp ts epoch unix unixtime unixtimestamp epochtime gmttime localtime utctime
    timeutc timegmt utc gmt datetimeutc datetimegmt timestamputc timestampms timestampus timestampns timestamps timems timeus timens
    participanttimestamp siptimestamp tsms tsus tsns epochms epochus epochns ratedatetime ratetime tradetime tradetimestamp quotetime quotetimestamp ticktime tickstamp
    eventtime eventtimestamp transacttime transactiontime exchangetime exchangetimestamp timeofquote timestring ratetimestamp
    timemsc createdat`,
  date: "date tradedate quotedate dtyyyymmdd yyyymmdd datestamp gmtdate utcdate dategmt dateutc tickdate",
  symbol: `symbol ticker instrument pair currencypair ccypair sym security symbolname instrumentname fxpair
    tickersymbol instrumentid`,
  price: `price last lastprice tradeprice px mid midprice rate lastpx midpx tradepx value exchangerate`,
  bid: `bid bidprice bidpx bestbid bestbidprice bidrate ratebid pricebid bestbidpx bidquote pbid bid1 bidp bidprice1
    bidprc`,
  ask: `ask askprice askpx bestask bestaskprice askrate rateask priceask bestaskpx askquote offer offerprice offerpx bestoffer
    bestofferprice ofr ofrprice pask ask1 askp askprice1 askprc offerrate`,
  seq: "seq",
};

const KNOWN: ReadonlyMap<string, Role> = new Map(
  ROLES.flatMap((role) => NAMES[role].split(/\s+/).map((name) => [name, role] as const)),
);

/** What is left of a name where it is written in any of its ways: `<BID>`, Bid Price, bid_price, bidPrice, Time (EET). */
function plainName(name: string): string {
  const bare = name
    .replace(/\([^()]*\)/g, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
  return bare;
}

/** What a column of that name holds; undefined when it is nothing that ticks have, or not known. */
export function roleOf(name: string): Role | undefined {
  return KNOWN.get(plainName(name));
}

/** Where two names are known for one thing, the one that says it plainly is meant: bid, where there is a best_bid too. */
const PLAIN = new Set(["time", "bid", "ask", "price", "symbol", "date"]);

/** MetaTrader's own package has the seconds in time, and the whole time in milliseconds here. */
const FINER_TIME = "timemsc";

/** Leaves a role to one column, where it is certain which. */
function settleRole(roles: (Role | undefined)[], names: readonly string[], role: Role): void {
  const found = names.flatMap((name, index) => (roles[index] === role ? [{ name, index }] : []));
  if (found.length < 2) return;
  const [first, second] = found;
  const same = found.find(({ name }, at) => found.findIndex((other) => plainName(other.name) === plainName(name)) < at);
  if (same !== undefined) throw new UnreadableError(`its header names ${same.name} twice: which one is it?`);
  const finer = found.filter(({ name }) => plainName(name) === FINER_TIME);
  const plain = finer.length === 1 ? finer : found.filter(({ name }) => PLAIN.has(plainName(name)));
  const isSide = role === "price" && roles.includes("bid") && roles.includes("ask");
  if (plain.length !== 1 && !isSide) {
    throw new UnreadableError(
      `both ${first?.name} and ${second?.name} may be its ${role}: say which, such as --columns ${role}=${first?.name}`,
    );
  }
  for (const { index } of found) if (index !== (plain[0] ?? first)?.index) roles[index] = undefined;
}

/** A date beside a column that holds date and time is no part of the time. */
function settleDate(roles: (Role | undefined)[], names: readonly string[]): void {
  const date = roles.indexOf("date");
  const time = roles.indexOf("time");
  if (date === -1) return;
  if (time === -1) roles[date] = "time";
  else if (
    !/^(?:time|gmttime|utctime|timeutc|timegmt|localtime|ticktime|tradetime|quotetime|timems|timemsc)$/.test(
      plainName(names[time] ?? ""),
    )
  )
    roles[date] = undefined;
}

/** Where a header has that name: as it is written, or else in whatever case. */
function placesOf(names: readonly string[], wanted: string): readonly number[] {
  const places = (same: (name: string) => string) =>
    names.flatMap((name, at) => (same(name.trim()) === same(wanted.trim()) ? [at] : []));
  const exact = places((name) => name);
  return exact.length > 0 ? exact : places((name) => name.toLowerCase());
}

/** Names that are no UTF-8 can only be read once somebody says what they are. */
export function encodingHint(names: readonly string[]): string {
  return names.some((name) => name.includes("\uFFFD")) ? "; it is not UTF-8: say --encoding, such as windows-1252" : "";
}

/**
 * What the columns of a header hold, by their names.
 *
 * @throws UnreadableError when two may be the same, or one that was named is not there
 */
export function rolesOf(names: readonly string[], said?: SaidColumns): Roles {
  if (said !== undefined && "inOrder" in said) return said.inOrder;
  const roles = names.map(roleOf);
  for (const ignored of said?.ignored ?? []) for (const at of placesOf(names, ignored)) roles[at] = undefined;
  for (const [role, name] of said?.named ?? []) {
    const [index, another] = placesOf(names, name);
    if (index === undefined)
      throw new UnreadableError(
        `its header has no ${name}: it says "${names.join(",").slice(0, 80)}"${encodingHint(names)}`,
      );
    if (another !== undefined) throw new UnreadableError(`its header names ${name} twice: which one is it?`);
    for (const [at, other] of roles.entries()) if (other === role) roles[at] = undefined;
    roles[index] = role;
  }
  const withdraw = (role: Role) => {
    for (const [at, other] of roles.entries())
      if (other === role && said?.named.has(role) !== true) roles[at] = undefined;
  };
  if (said?.named.has("time")) withdraw("date");
  // Whoever names the price, and no side, wants that.
  if (said?.named.has("price") && !said.named.has("bid") && !said.named.has("ask")) {
    withdraw("bid");
    withdraw("ask");
  }
  for (const role of ROLES) settleRole(roles, names, role);
  settleDate(roles, names);
  return roles;
}

/** Whether names are those of a bar's prices: an open, a high, a low and a close, of whatever side. */
export function areBars(names: readonly string[]): boolean {
  const plain = names.map(plainName);
  const has = (word: string) =>
    plain.some(
      (name) =>
        name === word || name === word[0] || (name.length <= 12 && (name.endsWith(word) || name.startsWith(word))),
    );
  const isWhole = ["open", "high", "low", "close"].every(has);
  return isWhole && !(plain.includes("bid") && plain.includes("ask"));
}
