"use strict";
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// lib/functions/rotate-keys/index.ts
var rotate_keys_exports = {};
__export(rotate_keys_exports, {
  handler: () => handler
});
module.exports = __toCommonJS(rotate_keys_exports);
var import_client_secrets_manager2 = require("@aws-sdk/client-secrets-manager");

// lib/functions/rotation-event.ts
function assertSecret({ SecretId }, { SECRET_ARN }) {
  if (!SECRET_ARN) {
    throw new Error(`SECRET_ARN must be the ARN of the secret that is rotated, received ${SECRET_ARN}`);
  }
  if (SecretId !== SECRET_ARN) {
    throw new Error(`the function rotates the secret ${SECRET_ARN} and no other, received ${SecretId}`);
  }
}

// lib/functions/rotate-keys/rotate-keys.ts
var import_node_util = require("node:util");

// lib/contract/field.ts
var ContractError = class extends Error {
  name = "ContractError";
};
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ContractError("it is not JSON");
  }
}
function readVersion(root, newest) {
  const version = root.field("version").integer(1);
  if (version > newest) {
    throw new ContractError(
      `it has version ${version}, and this client reads versions up to ${newest}: update cdk-sessions-client`
    );
  }
  return version;
}
var Field = class _Field {
  constructor(path, value, secret) {
    this.path = path;
    this.value = value;
    this.secret = secret;
  }
  path;
  value;
  secret;
  static root(value) {
    return new _Field("", value, false);
  }
  /** The root of a document whose values are secret: messages say of what kind they are, and no more. */
  static secretRoot(value) {
    return new _Field("", value, true);
  }
  get present() {
    return this.value !== void 0;
  }
  field(name) {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) {
      throw this.fault("an object");
    }
    const value = Object.hasOwn(this.value, name) ? Reflect.get(this.value, name) : void 0;
    return new _Field(this.path === "" ? name : `${this.path}.${name}`, value, this.secret);
  }
  /** @param most how many there may be, at least one */
  items(most) {
    if (!Array.isArray(this.value) || this.value.length === 0 || this.value.length > most) {
      throw this.fault(`a list of 1 to ${most}`);
    }
    return this.value.map((item, at) => new _Field(`${this.path}[${at}]`, item, this.secret));
  }
  text() {
    if (typeof this.value !== "string" || this.value === "") {
      throw this.fault("a text that is not empty");
    }
    return this.value;
  }
  /** @param what how messages describe what the pattern takes */
  textLike(pattern, what) {
    if (typeof this.value !== "string" || !pattern.test(this.value)) {
      throw this.fault(what);
    }
    return this.value;
  }
  /** @param most the greatest that is allowed; whatever a number can count to unless given */
  integer(least, most) {
    const { value } = this;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || most && value > most) {
      throw this.fault(most ? `a whole number from ${least} to ${most}` : `a whole number of at least ${least}`);
    }
    return value;
  }
  boolean() {
    if (typeof this.value !== "boolean") {
      throw this.fault("true or false");
    }
    return this.value;
  }
  oneOf(...choices) {
    const choice = choices.find((candidate) => candidate === this.value);
    if (choice === void 0) {
      throw this.fault(choices.map((candidate) => JSON.stringify(candidate)).join(" or "));
    }
    return choice;
  }
  /** The error that this field is not what is expected. */
  fault(expected) {
    const received = this.present ? `received ${this.described()}` : "it is missing";
    return new ContractError(`${this.path === "" ? "the document" : this.path} must be ${expected}, ${received}`);
  }
  described() {
    return this.secret ? `another ${typeof this.value}` : excerpt(JSON.stringify(this.value));
  }
};
function excerpt(text) {
  return text.length > 60 ? `${text.slice(0, 60)}\u2026` : text;
}

// lib/contract/keys.ts
var KEY_ID = "[A-Za-z0-9_-]{1,32}";
var KEY_DOCUMENT_VERSION = 1;
var INITIAL_KEY = {
  /** The field that holds the random characters, in place of `keys`. */
  field: "initial",
  /** How many characters, each an ASCII letter or a digit. */
  length: 42,
  /** What completes them to the key's secret. */
  completion: "A",
  /** The key's id. */
  id: "initial"
};
var MOST_KEYS = 32;
var KEY_ACTIVATION = 15 * 60;
var KEY_REFRESH = 5 * 60;

// lib/contract/base64url.ts
var BITS_256 = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";

// lib/contract/parse-key-document.ts
var ID = new RegExp(`^${KEY_ID}$`);
var SECRET = new RegExp(`^${BITS_256}$`);
var LATEST = 99999999999;
var INITIAL = new RegExp(`^[A-Za-z0-9]{${INITIAL_KEY.length}}$`);
function parseKeyDocument(text) {
  const root = Field.secretRoot(parseJson(text));
  const version = readVersion(root, KEY_DOCUMENT_VERSION);
  const keys = root.field("keys");
  const initial = root.field(INITIAL_KEY.field);
  if (!initial.present) {
    return { version, keys: readKeys(keys) };
  }
  if (keys.present) {
    throw initial.fault("left out beside keys");
  }
  return { version, keys: [initialKey(initial)] };
}
function initialKey(initial) {
  const random = initial.textLike(INITIAL, `${INITIAL_KEY.length} letters and digits`);
  return { id: INITIAL_KEY.id, secret: random + INITIAL_KEY.completion, createdAt: 0 };
}
function readKeys(list) {
  const ids = /* @__PURE__ */ new Set();
  let newerAt = Number.POSITIVE_INFINITY;
  return list.items(MOST_KEYS).map((item) => {
    const key = {
      id: item.field("id").textLike(ID, "1 to 32 letters, digits, hyphens and underscores"),
      secret: item.field("secret").textLike(SECRET, "32 bytes in canonical base64url, which are 43 characters"),
      createdAt: item.field("createdAt").integer(0)
    };
    if (ids.has(key.id)) {
      throw item.field("id").fault("that of no other key");
    }
    if (key.createdAt > LATEST) {
      throw item.field("createdAt").fault("in epoch seconds");
    }
    if (key.createdAt > newerAt) {
      throw item.field("createdAt").fault("no later than that of the key before it");
    }
    ids.add(key.id);
    newerAt = key.createdAt;
    return key;
  });
}

// lib/functions/rotating-secret.ts
var import_client_secrets_manager = require("@aws-sdk/client-secrets-manager");
var RotatingSecret = class {
  constructor(api2, secretId) {
    this.api = api2;
    this.secretId = secretId;
  }
  api;
  secretId;
  /** The version that clients read. */
  current() {
    return this.get({ VersionStage: "AWSCURRENT" });
  }
  /** The version that clients read before; `undefined` until the secret is rotated for the first time. */
  previous() {
    return this.find({ VersionStage: "AWSPREVIOUS" });
  }
  /** A version by its id; `undefined` if it has no value yet. */
  version(id) {
    return this.find({ VersionId: id });
  }
  /**
   * The version that a rotation makes; `undefined` if it is current already: the rotation is done.
   *
   * @throws if it is not part of a rotation.
   */
  async pending(id) {
    const version = await this.version(id);
    if (version?.isCurrent) {
      return void 0;
    }
    if (!version?.isPending) {
      throw new Error(`version ${id} is not pending: rotate the secret again`);
    }
    return version;
  }
  /** Gives a version its value, once and for all: whoever comes second changes nothing. */
  async putPending(id, text) {
    try {
      await this.api.putSecretValue({
        SecretId: this.secretId,
        ClientRequestToken: id,
        SecretString: text,
        VersionStages: ["AWSPENDING"]
      });
    } catch (error) {
      if (!(error instanceof import_client_secrets_manager.ResourceExistsException)) {
        throw error;
      }
    }
  }
  /** Makes a version the one that clients read, if `current` still is. @throws if it is not. */
  async promote(pending, current) {
    await this.api.updateSecretVersionStage({
      SecretId: this.secretId,
      VersionStage: "AWSCURRENT",
      MoveToVersionId: pending.id,
      RemoveFromVersionId: current.id
    });
  }
  /** Takes a version out of the rotation, so that the next one starts afresh. */
  async withdraw(pending) {
    await this.api.updateSecretVersionStage({
      SecretId: this.secretId,
      VersionStage: "AWSPENDING",
      RemoveFromVersionId: pending.id
    });
  }
  async find(which) {
    try {
      return await this.get(which);
    } catch (error) {
      if (error instanceof import_client_secrets_manager.ResourceNotFoundException) {
        return void 0;
      }
      throw error;
    }
  }
  async get(which) {
    const { VersionId, SecretString, VersionStages } = await this.api.getSecretValue({
      SecretId: this.secretId,
      ...which
    });
    return {
      id: VersionId ?? "",
      text: SecretString ?? "",
      isCurrent: VersionStages?.includes("AWSCURRENT") ?? false,
      isPending: VersionStages?.includes("AWSPENDING") ?? false
    };
  }
};

// lib/functions/rotate-keys/next-document.ts
var import_node_crypto = require("node:crypto");
function newKey(createdAt) {
  return {
    id: (0, import_node_crypto.randomBytes)(6).toString("base64url"),
    secret: (0, import_node_crypto.randomBytes)(32).toString("base64url"),
    createdAt
  };
}
function nextDocument(current, added, overlap2) {
  const keys = [added];
  let successor = added;
  for (const key of current.keys) {
    if (added.createdAt - successor.createdAt >= overlap2) {
      break;
    }
    keys.push(key);
    successor = key;
  }
  return { version: KEY_DOCUMENT_VERSION, keys };
}

// lib/functions/rotate-keys/rotate-keys.ts
var CLOCK_TOLERANCE = 5 * 60;
var LATEST_PROMOTION = KEY_ACTIVATION - 2 * KEY_REFRESH;
async function rotateKeys(event, api2, options) {
  const secret = new RotatingSecret(api2, event.SecretId);
  const id = event.ClientRequestToken;
  switch (event.Step) {
    case "createSecret":
      return create(secret, id, options);
    case "setSecret":
      return;
    case "testSecret":
      return test(secret, id, options);
    case "finishSecret":
      return finish(secret, id, options);
    default:
      throw new Error(`the step must be one of a rotation by Secrets Manager, received ${event.Step}`);
  }
}
async function create(secret, id, { overlap: overlap2, now }) {
  if (await secret.version(id) !== void 0) {
    return;
  }
  const { text } = await secret.current();
  const current = parseKeyDocument(text);
  const createdAt = Math.max(now(), ...current.keys.map((key) => key.createdAt));
  if (createdAt > now() + CLOCK_TOLERANCE) {
    throw new Error(
      `the newest key says that it is made ${createdAt - now()} s from now, and none after it would come to be used: correct its createdAt, which is in epoch seconds`
    );
  }
  const next = nextDocument(current, newKey(createdAt), overlap2);
  if (next.keys.length > MOST_KEYS) {
    throw new Error(
      `there are ${current.keys.length} keys within the overlap of ${overlap2} s, and ${MOST_KEYS} is the most: rotate less often, or shorten the overlap`
    );
  }
  await secret.putPending(id, JSON.stringify(next));
}
async function test(secret, id, options) {
  const pending = await secret.pending(id);
  const current = await secret.current();
  if (pending && pending.text !== current.text) {
    await assertMayBecomeCurrent(secret, pending, current, options);
  }
}
async function finish(secret, id, options) {
  const pending = await secret.pending(id);
  if (pending) {
    const current = await secret.current();
    await assertMayBecomeCurrent(secret, pending, current, options);
    await secret.promote(pending, current);
  }
}
async function assertMayBecomeCurrent(secret, pending, current, options) {
  const fault = faultOf(pending.text, parseKeyDocument(current.text), options);
  if (fault !== void 0) {
    await secret.withdraw(pending);
    throw new Error(`version ${pending.id} was withdrawn, as ${fault}: the next rotation makes another`);
  }
}
function faultOf(text, current, { overlap: overlap2, now }) {
  const pending = documentIn(text);
  const added = pending?.keys[0];
  if (added === void 0 || !(0, import_node_util.isDeepStrictEqual)(pending, nextDocument(current, added, overlap2))) {
    return "it does not follow from the current one";
  }
  const age = now() - added.createdAt;
  return age > LATEST_PROMOTION ? `its key is ${age} s old, and after ${LATEST_PROMOTION} s not every client would read it before it is used` : void 0;
}
function documentIn(text) {
  try {
    return parseKeyDocument(text);
  } catch (error) {
    if (error instanceof ContractError) {
      return void 0;
    }
    throw error;
  }
}

// lib/functions/rotate-keys/index.ts
var api = new import_client_secrets_manager2.SecretsManager();
async function handler(event) {
  assertSecret(event, process.env);
  await rotateKeys(event, api, { overlap: overlap(), now: () => Math.floor(Date.now() / 1e3) });
}
function overlap() {
  const { OVERLAP_SECONDS } = process.env;
  const seconds = Number(OVERLAP_SECONDS);
  if (!(Number.isSafeInteger(seconds) && seconds > 0)) {
    throw new Error(`OVERLAP_SECONDS must be a whole number of seconds, received ${OVERLAP_SECONDS}`);
  }
  return seconds;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  handler
});
