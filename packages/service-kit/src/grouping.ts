/** The value of a key in a map, made where there is none. */
export function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Items by what they share, in their order: `Map.groupBy`, which Node 20 has not. */
export function groupBy<K, T>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  const none = (): T[] => [];
  for (const item of items) entryOf(groups, keyOf(item), none).push(item);
  return groups;
}
