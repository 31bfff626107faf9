import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props } from "./aws/table";

/**
 * Pulumi's provider protocol. `pulumi.provider.main` is not enough to stand in for the AWS provider: it drops the
 * provider's configuration (region, default tags) and leaves every output unknown in previews.
 */
export interface Double<Config> {
  readonly version: string;
  configure(inputs: Props): Config;
  check(config: Config, request: Resource & { old: Props; given: Props; seed: string }): Checked;
  diff(config: Config, request: Resource & Changed): Diffed;
  create(config: Config, request: Resource & { inputs: Props; preview: boolean }): Promise<{ id: string; outs: Props }>;
  update(config: Config, request: Resource & Changed & { preview: boolean }): Promise<Props>;
  read(config: Config, request: Resource & { state: Props }): Promise<Props | undefined>;
  delete(config: Config, request: Resource & { state: Props }): Promise<void>;
  invoke(config: Config, token: string, args: Props): Promise<Props>;
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

/** Serves a double on loopback and returns its port. */
export function serve<Config>(double: Double<Config>): Promise<number> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(ResourceProviderService, handlers(double));
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
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
          reply({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
      );
  };
}

function plain(struct: Struct | undefined): Props {
  return (struct?.toJavaScript() ?? {}) as Props;
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
    diffConfig: unary((request: rpc.DiffRequest) => diffConfig(request)),
    configure: unary((request: rpc.ConfigureRequest, peer) => {
      configs.set(peer, double.configure(plain(request.getArgs())));
      // Secrets stay with the engine: it hands over plain values and marks outputs like the inputs of the same name.
      return new rpc.ConfigureResponse().setSupportspreview(true).setAcceptsecrets(false).setAcceptresources(false);
    }),
    check: unary((request: rpc.CheckRequest, peer) => {
      const old = plain(request.getOlds());
      const given = plain(request.getNews());
      const seed = request.getUrn() + Buffer.from(request.getRandomseed_asU8()).toString("hex");
      const { inputs, failures } = double.check(configOf(peer), { ...resource(request), old, given, seed });
      const response = new rpc.CheckResponse().setInputs(struct(inputs));
      for (const { property, reason } of failures) {
        response.addFailures(new rpc.CheckFailure().setProperty(property).setReason(reason));
      }
      return response;
    }),
    diff: unary((request: rpc.DiffRequest, peer) => {
      const { changed, replaces, deleteFirst } = double.diff(configOf(peer), {
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
      const made = await double.create(configOf(peer), {
        ...resource(request),
        inputs,
        preview: request.getPreview(),
      });
      return new rpc.CreateResponse().setId(made.id).setProperties(struct(made.outs));
    }),
    update: unary(async (request: rpc.UpdateRequest, peer) => {
      const preview = request.getPreview();
      const outs = await double.update(configOf(peer), { ...resource(request), ...changes(request), preview });
      return new rpc.UpdateResponse().setProperties(struct(outs));
    }),
    read: unary(async (request: rpc.ReadRequest, peer) => {
      const state = await double.read(configOf(peer), { ...resource(request), state: plain(request.getProperties()) });
      if (!state) return new rpc.ReadResponse();
      return new rpc.ReadResponse().setId(request.getId()).setProperties(struct(state)).setInputs(request.getInputs());
    }),
    delete: unary(async (request: rpc.DeleteRequest, peer) => {
      await double.delete(configOf(peer), { ...resource(request), state: plain(request.getProperties()) });
      return new Empty();
    }),
    invoke: unary(async (request: rpc.InvokeRequest, peer) => {
      const answer = await double.invoke(configOf(peer), request.getTok(), plain(request.getArgs()));
      return new rpc.InvokeResponse().setReturn(struct(answer));
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

/** Another region is another account's worth of resources; everything else a provider takes can change in place. */
function diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
  const old = plain(request.getOlds());
  const now = plain(request.getNews());
  const changed = JSON.stringify(old) !== JSON.stringify(now);
  const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
  return new rpc.DiffResponse()
    .setChanges(changed ? DIFF_SOME : DIFF_NONE)
    .setReplacesList(old.region === now.region ? [] : ["region"]);
}
