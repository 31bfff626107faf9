import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props, Value } from "./aws/table";
import { HalfMade, halfMadeStatus } from "./half-made";
import { type Child, construct } from "./rpc-construct";
import { markLike, reveal } from "./rpc-secrets";

/**
 * Pulumi's provider protocol. `pulumi.provider.main` is not enough to stand in for the AWS provider: it drops the
 * provider's configuration (region, default tags) and leaves every output unknown in previews.
 */
export interface Double<Config> {
  readonly version: string;
  configure(inputs: Props): Config;
  /** Settings whose change makes a new provider, and so all its resources anew. Without it, the region. */
  configReplaces?(old: Props, now: Props): readonly string[];
  check(config: Config, request: Resource & { old: Props; given: Props; seed: string }): Checked | Promise<Checked>;
  diff(config: Config, request: Resource & Changed): Diffed | Promise<Diffed>;
  create(config: Config, request: Resource & { inputs: Props; preview: boolean }): Promise<{ id: string; outs: Props }>;
  update(config: Config, request: Resource & Changed & { preview: boolean }): Promise<Props>;
  read(config: Config, request: Resource & { state: Props }): Promise<Props | undefined>;
  /** The inputs as a refresh found them: with what others have changed. Without it, they stay as they were. */
  readInputs?(inputs: Props, state: Props): Props;
  delete(config: Config, request: Resource & { state: Props }): Promise<void>;
  invoke(config: Config, token: string, args: Props): Promise<Props>;
  /** What a remote component consists of. The engine lets only a provider that knows secrets make one. */
  construct?(config: Config, request: Component): Promise<readonly Child[]>;
}

export type { Child } from "./rpc-construct";

/** A component whose children the program leaves to the provider. */
export interface Component {
  readonly type: string;
  readonly name: string;
  readonly inputs: Props;
}

/** A double that listens. */
export interface Served {
  /** For PULUMI_DEBUG_PROVIDERS. */
  readonly port: number;
  close(): Promise<void>;
}

export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly id: string;
}

interface Changed {
  readonly old: Props;
  readonly now: Props;
  readonly state: Props;
}

interface Checked {
  readonly inputs: Props;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

interface Diffed {
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
  readonly deleteFirst: boolean;
}

type Handler = grpc.UntypedHandleCall;

/** Serves a double on loopback. */
export function serve<Config>(double: Double<Config>): Promise<Served> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(ResourceProviderService, handlers(double));
  const close = async () => {
    // The engine keeps its connections open, so a polite shutdown would wait for ever.
    server.forceShutdown();
  };
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve({ port, close }),
    );
  });
}

function unary<Request, Answer>(work: (request: Request, peer: string) => Promise<Answer> | Answer): Handler {
  return (call: grpc.ServerUnaryCall<Request, Answer>, reply: grpc.sendUnaryData<Answer>) => {
    Promise.resolve()
      .then(() => work(call.request, call.getPeer()))
      .then(
        (answer) => reply(null, answer),
        (error: unknown) =>
          reply(
            error instanceof HalfMade
              ? halfMadeStatus(error, struct(error.outs), error.inputs && struct(error.inputs))
              : { code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) },
          ),
      );
  };
}

/** As it came, with the marks of secrets. */
function marked(struct: Struct | undefined): Props {
  return (struct?.toJavaScript() ?? {}) as Props;
}

function plain(struct: Struct | undefined): Props {
  return reveal(marked(struct) as Value) as Props;
}

function struct(values: Props): Struct {
  // Struct cannot hold undefined.
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(values)));
}

/** A request names its resource by URN; older engines leave name and type out. */
function resource(request: { getUrn(): string; getId?(): string }): Resource {
  const [, , types = "", name = ""] = request.getUrn().split("::");
  return { type: types.split("$").pop() ?? types, name, id: request.getId?.() ?? "" };
}

function handlers<Config>(double: Double<Config>): grpc.UntypedServiceImplementation {
  // The engine opens one connection for each provider of the program, and no later request says which it is for.
  const configs = new Map<string, Config>();
  const configOf = (peer: string): Config => {
    const config = configs.get(peer) ?? [...configs.values()].at(-1);
    if (config === undefined) throw new Error("the engine asked for a resource before it configured the provider");
    return config;
  };

  return {
    getPluginInfo: unary(() => new PluginInfo().setVersion(double.version)),
    attach: unary(() => new Empty()),
    cancel: unary(() => new Empty()),
    checkConfig: unary((request: rpc.CheckRequest) => new rpc.CheckResponse().setInputs(request.getNews())),
    diffConfig: unary((request: rpc.DiffRequest) => diffConfig(request, double.configReplaces ?? otherRegion)),
    configure: unary((request: rpc.ConfigureRequest, peer) => {
      configs.set(peer, double.configure(plain(request.getArgs())));
      // To a provider that knows no secrets the engine hands plain values, and marks its outputs like the inputs of the
      // same name. One that makes components has to know them: what it answers is marked here, by the same rule.
      return new rpc.ConfigureResponse()
        .setSupportspreview(true)
        .setAcceptsecrets(double.construct !== undefined)
        .setAcceptresources(false);
    }),
    check: unary(async (request: rpc.CheckRequest, peer) => {
      const old = plain(request.getOlds());
      const given = plain(request.getNews());
      const seed = request.getUrn() + Buffer.from(request.getRandomseed_asU8()).toString("hex");
      const { inputs, failures } = await double.check(configOf(peer), { ...resource(request), old, given, seed });
      const response = new rpc.CheckResponse().setInputs(struct(markLike(inputs, marked(request.getNews()))));
      for (const { property, reason } of failures) {
        response.addFailures(new rpc.CheckFailure().setProperty(property).setReason(reason));
      }
      return response;
    }),
    diff: unary(async (request: rpc.DiffRequest, peer) => {
      const { changed, replaces, deleteFirst } = await double.diff(configOf(peer), {
        ...resource(request),
        ...changes(request),
      });
      const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
      return new rpc.DiffResponse()
        .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
        .setDiffsList([...changed])
        .setReplacesList([...replaces])
        .setDeletebeforereplace(replaces.length > 0 && deleteFirst);
    }),
    create: unary(async (request: rpc.CreateRequest, peer) => {
      const inputs = plain(request.getProperties());
      const given = marked(request.getProperties());
      const asked = { ...resource(request), inputs, preview: request.getPreview() };
      const made = await double.create(configOf(peer), asked).catch((error: unknown) => {
        if (!(error instanceof HalfMade)) throw error;
        throw new HalfMade(error.id, markLike(error.outs, given), error.message);
      });
      return new rpc.CreateResponse().setId(made.id).setProperties(struct(markLike(made.outs, given)));
    }),
    update: unary(async (request: rpc.UpdateRequest, peer) => {
      const preview = request.getPreview();
      const outs = await double.update(configOf(peer), { ...resource(request), ...changes(request), preview });
      return new rpc.UpdateResponse().setProperties(struct(markLike(outs, marked(request.getNews()))));
    }),
    read: unary(async (request: rpc.ReadRequest, peer) => {
      const given = marked(request.getInputs());
      const asked = { ...resource(request), state: plain(request.getProperties()) };
      const state = await double.read(configOf(peer), asked).catch((error: unknown) => {
        if (!(error instanceof HalfMade)) throw error;
        throw new HalfMade(error.id, markLike(error.outs, given), error.message, given);
      });
      if (!state) return new rpc.ReadResponse();
      const inputs = double.readInputs?.(plain(request.getInputs()), state);
      // State and inputs may each hold the only mark of a secret.
      const found = markLike(markLike(state, given), marked(request.getProperties()));
      return new rpc.ReadResponse()
        .setId(request.getId())
        .setProperties(struct(found))
        .setInputs(inputs === undefined ? request.getInputs() : struct(markLike(inputs, given)));
    }),
    delete: unary(async (request: rpc.DeleteRequest, peer) => {
      await double.delete(configOf(peer), { ...resource(request), state: plain(request.getProperties()) });
      return new Empty();
    }),
    invoke: unary(async (request: rpc.InvokeRequest, peer) => {
      const answer = await double.invoke(configOf(peer), request.getTok(), plain(request.getArgs()));
      return new rpc.InvokeResponse().setReturn(struct(answer));
    }),
    construct: unary(async (request: rpc.ConstructRequest, peer) => {
      const component = { type: request.getType(), name: request.getName(), inputs: plain(request.getInputs()) };
      if (!double.construct) throw new Error(`this double makes no component of the type "${component.type}"`);
      const config = configOf(peer);
      const make = double.construct.bind(double);
      return construct(request, () => make(config, component));
    }),
  };
}

function changes(request: rpc.DiffRequest | rpc.UpdateRequest): Changed {
  return {
    old: plain(request.getOldInputs()),
    now: plain(request.getNews()),
    state: plain(request.getOlds()),
  };
}

function diffConfig(
  request: rpc.DiffRequest,
  replaces: (old: Props, now: Props) => readonly string[],
): rpc.DiffResponse {
  const old = plain(request.getOlds());
  const now = plain(request.getNews());
  const changed = JSON.stringify(old) !== JSON.stringify(now);
  const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
  return new rpc.DiffResponse().setChanges(changed ? DIFF_SOME : DIFF_NONE).setReplacesList([...replaces(old, now)]);
}

/** Another region is another account's worth of resources; everything else a provider takes can change in place. */
const otherRegion = (old: Props, now: Props) => (old.region === now.region ? [] : ["region"]);
