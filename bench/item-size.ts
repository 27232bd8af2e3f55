/** An attribute's value as the DynamoDB API spells it in JSON, of the types that session stores use. */
export type Attribute = { readonly S: string } | { readonly N: string } | { readonly B: string };

/** An item as the DynamoDB API spells it in JSON. */
export type Item = Readonly<Record<string, Attribute>>;

/** An item's size in bytes: that of its names and values (DynamoDB Developer Guide, "DynamoDB item sizes and formats"). */
export function itemSize(item: Item): number {
  return Object.entries(item).reduce((size, [name, value]) => size + Buffer.byteLength(name) + valueSize(value), 0);
}

/** What a strongly consistent read of so many bytes costs: a unit for each 4 KB begun, and one if nothing is there. */
export function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 4096));
}

/** What a write costs: a unit for each KB begun of the item before or after it, whichever is larger. */
export function writeUnits(before: number, after: number): number {
  return Math.max(1, Math.ceil(Math.max(before, after) / 1024));
}

function valueSize(value: Attribute): number {
  if ('S' in value) {
    return Buffer.byteLength(value.S);
  }
  return 'B' in value ? Buffer.byteLength(value.B, 'base64') : numberSize(value.N);
}

/** A byte for every two significant digits and one more: zeros at either end are not among them. */
function numberSize(text: string): number {
  const digits = text.replace(/[-.]/g, '').replace(/^0+|0+$/g, '');
  return Math.ceil(digits.length / 2) + 1;
}
