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

// lib/functions/rotate-cache-credentials/index.ts
var rotate_cache_credentials_exports = {};
__export(rotate_cache_credentials_exports, {
  handler: () => handler
});
module.exports = __toCommonJS(rotate_cache_credentials_exports);
var import_client_elasticache2 = require("@aws-sdk/client-elasticache");
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

// lib/functions/rotate-cache-credentials/cache-door.ts
var import_promises = require("node:dns/promises");
var import_node_tls = require("node:tls");
var PATIENCE = 5e3;
var CacheDoor = class {
  constructor(address) {
    this.address = address;
  }
  address;
  /** Whether every node that the endpoint stands for lets them in: `undefined` if only some do. */
  async admits(credentials) {
    const nodes = await (0, import_promises.lookup)(this.address.endpoint, { all: true });
    const answers = await Promise.all(nodes.map(({ address }) => this.nodeAdmits(address, credentials)));
    return answers.every((answer) => answer === answers[0]) ? answers[0] : void 0;
  }
  async nodeAdmits(host, { user, password }) {
    const { endpoint, port, ca } = this.address;
    const authenticate = password === void 0 ? [] : [["AUTH", ...user === void 0 ? [] : [user], password]];
    const commands = [...authenticate, ["PING"]];
    const socket = (0, import_node_tls.connect)({ host, port, servername: endpoint, ca, timeout: PATIENCE });
    try {
      const replies = await talk(socket, commands);
      return replies.every(isWelcome);
    } finally {
      socket.destroy();
    }
  }
};
function talk(socket, commands) {
  return new Promise((resolve, reject) => {
    let received = "";
    socket.setEncoding("utf8");
    socket.on("secureConnect", () => socket.write(commands.map(encoded).join("")));
    socket.on("data", (chunk) => {
      received += chunk;
      const lines = received.split("\r\n").slice(0, -1);
      if (lines.length >= commands.length) {
        resolve(lines);
      }
    });
    socket.on("timeout", () => reject(new Error(`the cache did not answer within ${PATIENCE} ms`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the cache closed the connection")));
  });
}
function encoded(command) {
  return `*${command.length}\r
${command.map((part) => `$${Buffer.byteLength(part)}\r
${part}\r
`).join("")}`;
}
function isWelcome(reply) {
  const [code = ""] = reply.split(" ");
  switch (code) {
    case "+OK":
    case "+PONG":
    // Who may not call PING was let in before.
    case "-NOPERM":
      return true;
    case "-NOAUTH":
    case "-WRONGPASS":
      return false;
    default:
      throw new Error(`the cache must say who may come in, received ${code.replace(/[^\w-]/g, "")}`);
  }
}

// lib/functions/rotate-cache-credentials/patience.ts
var import_promises2 = require("node:timers/promises");
async function until(isSo, expected, { interval, limit }) {
  for (let waited = 0; !await isSo(); waited += interval) {
    if (waited >= limit) {
      throw new Error(`${expected} within ${limit} ms, and did not happen: rotate the secret again`);
    }
    await (0, import_promises2.setTimeout)(interval);
  }
}

// lib/functions/rotate-cache-credentials/cache-user.ts
var CacheUser = class {
  constructor(api, userId, door, patience) {
    this.api = api;
    this.userId = userId;
    this.door = door;
    this.patience = patience;
  }
  api;
  userId;
  door;
  patience;
  settled() {
    const isActive = async () => {
      const { Users = [] } = await this.api.describeUsers({ UserId: this.userId });
      return Users.every(({ Status }) => Status === "active");
    };
    return until(isActive, `the user ${this.userId} must become active`, this.patience);
  }
  admits(password) {
    return this.door.admits(password === void 0 ? {} : { user: this.userId, password });
  }
  admitBoth({ current, pending }) {
    return this.setPasswords([current, pending]);
  }
  admitOnly(password) {
    return this.setPasswords([password]);
  }
  async setPasswords(passwords) {
    await this.api.modifyUser({
      UserId: this.userId,
      AuthenticationMode: { Type: "password", Passwords: passwords }
    });
    await this.settled();
  }
};

// lib/functions/rotate-cache-credentials/rotate-cache-credentials.ts
var import_node_crypto = require("node:crypto");

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

// lib/contract/cache-secret.ts
var CACHE_SECRET = {
  /** The field that holds the password. */
  field: "password",
  /** How many characters, each an ASCII letter or a digit: 381 random bits. ElastiCache takes 16 to 128. */
  length: 64
};
var PASSWORD = /^[A-Za-z0-9!&#$^<>-]{16,128}$/;
function parseCacheSecret(text) {
  const field = Field.secretRoot(parseJson(text)).field(CACHE_SECRET.field);
  return field.textLike(PASSWORD, "16 to 128 letters, digits and characters of !&#$^<>-");
}

// lib/functions/rotating-secret.ts
var import_client_secrets_manager = require("@aws-sdk/client-secrets-manager");
var RotatingSecret = class {
  constructor(api, secretId) {
    this.api = api;
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

// lib/functions/rotate-cache-credentials/rotate-cache-credentials.ts
async function rotateCacheCredentials(event, api, holder, patience) {
  const secret = new RotatingSecret(api, event.SecretId);
  const rotation = new CacheRotation(secret, event.ClientRequestToken, holder, patience);
  switch (event.Step) {
    case "createSecret":
      return rotation.create();
    case "setSecret":
      return rotation.set();
    case "testSecret":
      return rotation.test();
    case "finishSecret":
      return rotation.finish();
    default:
      throw new Error(`the step must be one of a rotation by Secrets Manager, received ${event.Step}`);
  }
}
var CacheRotation = class {
  constructor(secret, id, holder, patience) {
    this.secret = secret;
    this.id = id;
    this.holder = holder;
    this.patience = patience;
  }
  secret;
  id;
  holder;
  patience;
  async create() {
    if (await this.secret.version(this.id) === void 0) {
      await this.secret.putPending(this.id, JSON.stringify({ [CACHE_SECRET.field]: newPassword() }));
    }
  }
  async set() {
    const pending = await this.secret.pending(this.id);
    if (pending) {
      await this.holder.admits();
      await this.holder.settled();
      await this.holder.admitBoth({
        current: await this.currentPassword(),
        pending: parseCacheSecret(pending.text),
        previous: await this.previousPassword()
      });
      await this.assertAdmitsBoth(parseCacheSecret(pending.text));
    }
  }
  async test() {
    const pending = await this.secret.pending(this.id);
    if (pending) {
      await this.assertAdmitsBoth(parseCacheSecret(pending.text));
    }
  }
  async finish() {
    const pending = await this.secret.pending(this.id);
    if (pending) {
      const current2 = await this.secret.current();
      await this.assertAdmitsBoth(parseCacheSecret(pending.text));
      await this.secret.promote(pending, current2);
    }
    const [current, old] = [await this.currentPassword(), await this.previousPassword()];
    await this.holder.settled();
    if (old !== void 0 && old !== current && await this.holder.admits(old) !== false) {
      await this.holder.admitOnly(current);
      await this.assertAdmits(false, "the previous password", old);
    }
    await this.assertAdmits(true, "the current password", current);
    await this.assertAdmits(false, "anybody without a password");
  }
  async assertAdmitsBoth(pending) {
    await this.assertAdmits(true, "the pending password", pending);
    await this.assertAdmits(true, "the current password", await this.currentPassword());
    await this.assertAdmits(false, "anybody without a password");
  }
  assertAdmits(expected, whom, password) {
    const isSo = async () => await this.holder.admits(password) === expected;
    return until(isSo, `the cache must ${expected ? "take" : "not take"} ${whom}`, this.patience);
  }
  async currentPassword() {
    return parseCacheSecret((await this.secret.current()).text);
  }
  /** `undefined` if there is none, or what somebody once put there by hand was none that a cache takes. */
  async previousPassword() {
    const previous = await this.secret.previous();
    try {
      return previous && parseCacheSecret(previous.text);
    } catch (error) {
      if (error instanceof ContractError) {
        return void 0;
      }
      throw error;
    }
  }
};
var LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
function newPassword() {
  const character = () => LETTERS_AND_DIGITS.charAt((0, import_node_crypto.randomInt)(LETTERS_AND_DIGITS.length));
  return Array.from({ length: CACHE_SECRET.length }, character).join("");
}

// lib/functions/rotate-cache-credentials/token-group.ts
var import_client_elasticache = require("@aws-sdk/client-elasticache");
var TokenGroup = class {
  constructor(api, replicationGroupId, door, patience) {
    this.api = api;
    this.replicationGroupId = replicationGroupId;
    this.door = door;
    this.patience = patience;
  }
  api;
  replicationGroupId;
  door;
  patience;
  settled() {
    const isAvailable = async () => {
      const { ReplicationGroups = [] } = await this.api.describeReplicationGroups({
        ReplicationGroupId: this.replicationGroupId
      });
      return ReplicationGroups.every(
        ({ Status, PendingModifiedValues }) => Status === "available" && PendingModifiedValues?.AuthTokenStatus === void 0
      );
    };
    return until(isAvailable, `the replication group ${this.replicationGroupId} must become available`, this.patience);
  }
  admits(password) {
    return this.door.admits(password === void 0 ? {} : { password });
  }
  async admitBoth({
    current,
    pending,
    previous
  }) {
    if (await this.admits() !== false || previous !== void 0 && await this.admits(previous) !== false) {
      await this.admitOnly(current);
    }
    for (const token of [pending, current]) {
      if (await this.admits(token) !== true) {
        await this.update(token, "ROTATE");
      }
    }
  }
  async admitOnly(token) {
    try {
      await this.update(token, "SET");
    } catch (error) {
      if (!(error instanceof import_client_elasticache.InvalidParameterCombinationException || error instanceof import_client_elasticache.InvalidParameterValueException)) {
        throw error;
      }
      await this.update(token, "ROTATE");
      await this.update(token, "SET");
    }
  }
  async update(token, strategy) {
    await this.api.modifyReplicationGroup({
      ReplicationGroupId: this.replicationGroupId,
      AuthToken: token,
      AuthTokenUpdateStrategy: strategy,
      ApplyImmediately: true
    });
    await this.settled();
  }
};

// lib/functions/rotate-cache-credentials/index.ts
var PATIENCE2 = { interval: 5e3, limit: 10 * 6e4 };
var secretsManager = new import_client_secrets_manager2.SecretsManager();
var elastiCache = new import_client_elasticache2.ElastiCache();
async function handler(event) {
  assertSecret(event, process.env);
  await rotateCacheCredentials(event, secretsManager, holderOf(process.env), PATIENCE2);
}
function holderOf({ ENDPOINT, PORT, USER_ID, REPLICATION_GROUP_ID }) {
  const port = Number(PORT);
  if (!ENDPOINT || !(Number.isSafeInteger(port) && port > 0)) {
    throw new Error(`ENDPOINT and PORT must be those of a cache, received ${ENDPOINT} and ${PORT}`);
  }
  const door = new CacheDoor({ endpoint: ENDPOINT, port });
  if (USER_ID) {
    return new CacheUser(elastiCache, USER_ID, door, PATIENCE2);
  }
  if (REPLICATION_GROUP_ID) {
    return new TokenGroup(elastiCache, REPLICATION_GROUP_ID, door, PATIENCE2);
  }
  throw new Error("either USER_ID or REPLICATION_GROUP_ID must be set, received neither");
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  handler
});
