import * as grpc from "@grpc/grpc-js";
import { Alias } from "@pulumi/pulumi/proto/alias_pb";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  type RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props } from "./aws/table";

/** One resource of a component that the provider registers. */
export interface Child {
  readonly type: string;
  readonly name: string;
  readonly inputs: Props;
  /** Names of children registered before this one that it needs. */
  readonly after: readonly string[];
  /** Outputs that are secret whatever the inputs say. */
  readonly secretOutputs?: readonly string[];
}

/**
 * Registers a remote component and its children with the engine, as a provider's SDK would; written out here because the
 * SDK keeps its connection in global settings, which belong to the program that runs in this same process.
 */
export async function construct(
  request: rpc.ConstructRequest,
  children: () => Promise<readonly Child[]>,
): Promise<ConstructResponse> {
  const monitor = new ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": 400 * 1024 * 1024,
    "grpc.max_send_message_length": 400 * 1024 * 1024,
  });
  const register = (resource: RegisterResourceRequest): Promise<RegisterResourceResponse> =>
    new Promise((resolve, reject) => {
      monitor.registerResource(resource, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  try {
    const component = await register(componentRequest(request));
    const parent = component.getUrn();
    const urns = new Map<string, Promise<string>>();
    for (const child of await children()) {
      const needed = Promise.all(child.after.flatMap((name) => urns.get(name) ?? []));
      const urn = needed.then(async (after) => (await register(childRequest(request, child, parent, after))).getUrn());
      urns.set(child.name, urn);
    }
    // Every one is heard of before the first failure is told.
    const ended = await Promise.allSettled(urns.values());
    const failed = ended.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    await finish(monitor, parent);
    return new ConstructResponse().setUrn(parent).setState(Struct.fromJavaScript({}));
  } finally {
    monitor.close();
  }
}

/** Without outputs, and be they none, the engine never tells that the component is done. */
function finish(monitor: ResourceMonitorClient, urn: string): Promise<void> {
  const outputs = new RegisterResourceOutputsRequest().setUrn(urn).setOutputs(new Struct());
  return new Promise((resolve, reject) => {
    monitor.registerResourceOutputs(outputs, (error) => (error ? reject(error) : resolve()));
  });
}

function componentRequest(request: rpc.ConstructRequest): RegisterResourceRequest {
  const resource = new RegisterResourceRequest()
    .setType(request.getType())
    .setName(request.getName())
    .setParent(request.getParent())
    .setObject(new Struct())
    .setDependenciesList(request.getDependenciesList())
    .setAliasesList(request.getAliasesList().map((alias) => Alias.deserializeBinary(alias.serializeBinary())))
    .setAliasspecs(true)
    .setAcceptsecrets(true);
  for (const [name, reference] of request.getProvidersMap().entries()) {
    resource.getProvidersMap().set(name, reference);
  }
  return withProtection(resource, request);
}

function childRequest(
  request: rpc.ConstructRequest,
  { type, name, inputs, secretOutputs = [] }: Child,
  parent: string,
  after: readonly string[],
): RegisterResourceRequest {
  const resource = new RegisterResourceRequest()
    .setType(type)
    .setName(name)
    .setParent(parent)
    .setCustom(true)
    .setObject(Struct.fromJavaScript(JSON.parse(JSON.stringify(inputs))))
    .setProvider(request.getProvidersMap().get(type.split(":")[0] ?? "") ?? "")
    // The component's own needs are its children's.
    .setDependenciesList([...new Set([...request.getDependenciesList(), ...after])])
    .setAdditionalsecretoutputsList([...secretOutputs])
    .setAcceptsecrets(true);
  return withProtection(resource, request);
}

function withProtection(resource: RegisterResourceRequest, request: rpc.ConstructRequest): RegisterResourceRequest {
  const protect = request.getProtect();
  const retain = request.getRetainondelete();
  if (protect !== undefined) resource.setProtect(protect);
  if (retain !== undefined) resource.setRetainondelete(retain);
  return resource;
}
