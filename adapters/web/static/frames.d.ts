// What goes between browser and page. Made by `make generate` from adapters/web/frames; do not edit.

/** What becomes of a message written in a room of this bridge. */
export type SendStatus = "waiting" | "sent" | "dropped";

/** The seed's three states. */
export type State = "working" | "waiting" | "voting";

/** Who holds a member's wallet. */
export type Key = "hosted" | "own" | "elsewhere";

/** What a batch may do to the group. */
export type ChangeKind = "add" | "remove" | "policy";

/** What a parameter is about, and so the type of its value. */
export type Kind = "member" | "account" | "ballot" | "choice" | "duration" | "wallet" | "signature" | "command" | "text";

/** Show me this room; I have seen everything up to the revision `after`. */
export interface Hello {
  type: "hello";
  room: string;
  after: number;
}

/** Write a message, or an answer to one. */
export interface Say {
  type: "say";
  ref: string;
  text: string;
  reply_to?: string;
}

/** Correct one's own message. */
export interface Edit {
  type: "edit";
  ref: string;
  id: string;
  text: string;
}

/** Delete one's own message. */
export interface Delete {
  type: "delete";
  ref: string;
  id: string;
}

/** Put a reaction on a message. */
export interface React {
  type: "react";
  ref: string;
  id: string;
  key: string;
}

/** Take one's own reaction back. */
export interface Unreact {
  type: "unreact";
  ref: string;
  id: string;
  key: string;
}

/** A control was used: a command of `Session.commands`, each argument as one would write it alone. */
export interface Command {
  type: "command";
  ref: string;
  name: string;
  arguments: Record<string, string>;
}

/** What the person's wallet answers to a request; an empty signature refuses. */
export interface Sign {
  type: "sign";
  ref: string;
  request: string;
  signature: string;
}

/** Answers hello. `reset`: forget what was shown; messages up to `revision` follow. */
export interface Welcome {
  type: "welcome";
  room: string;
  revision: number;
  reset: boolean;
}

/** New and changed messages, ascending by revision; with them everything up to `revision` is known. */
export interface Messages {
  type: "messages";
  messages: Message[];
  revision: number;
}

/** A message as one person sees it. `html` is cleaned; it is empty, or `text` says the same. */
export interface Message {
  id: string;
  position: number;
  revision: number;
  author: Author;
  text: string;
  html: string;
  time_ms: number;
  edited: boolean;
  deleted: boolean;
  status: SendStatus | null;
  reason: string;
  late: boolean;
  reply_to: string;
  thread: string;
  to_me: boolean;
  reactions: ReactionCount[];
  attachments: File[];
  ballot: BallotNote | null;
}

/** Who wrote a message. `bridge`: nobody, the bridge itself speaks. */
export interface Author {
  name: string;
  platform: string;
  user_id: string;
  address: string;
  me: boolean;
  bridge: boolean;
}

/** One sign under a message: how many gave it, and the names of the first of them. */
export interface ReactionCount {
  key: string;
  count: number;
  names: string[];
  mine: boolean;
}

/** An attachment. `url`: where the page passes it on; `size` in bytes. */
export interface File {
  name: string;
  url: string;
  size: number;
  media_type: string;
}

/** A ballot inside a message. `deadline`: Unix seconds, 0: none. `result`: '' while it is open. */
export interface BallotNote {
  number: number;
  question: string[];
  yes: number;
  no: number;
  voters: number;
  deadline: number;
  result: string;
}

/** The group, whole. */
export interface GroupNow {
  type: "group";
  group: Group;
}

/** The group now. `now`: the bridge's clock, Unix seconds, as `deadline` (0: none). */
export interface Group {
  name: string;
  full_name: string;
  state: State;
  deadline: number;
  epoch: number;
  joined: boolean;
  is_removed: boolean;
  members: Member[];
  queued: number;
  waiting_chat: number;
  coordination: "contract" | "waku";
  transport: string;
  chain: string;
  ballot: Ballot | null;
  now: number;
}

/** A member of the group. */
export interface Member {
  address: string;
  name: string;
  key: Key;
  is_bridge: boolean;
  is_steward: boolean;
  has_vote: boolean;
  accounts: string[];
  me: boolean;
}

/** The open ballot. `kind`: of its first change; `mine`: what the person at this browser voted. */
export interface Ballot {
  number: number;
  lines: string[];
  voters: Voter[];
  yes: number;
  no: number;
  deadline: number;
  steward: string;
  transaction: string;
  kind: ChangeKind;
  mine: "" | "no" | "yes";
  may_vote: boolean;
}

/** Somebody who may vote in the open ballot, and what they voted. */
export interface Voter {
  address: string;
  name: string;
  vote: "" | "no" | "yes";
  me: boolean;
}

/** The last ballots, newest first. */
export interface Results {
  type: "results";
  results: Result[];
}

/** A ballot that is over. */
export interface Result {
  number: number;
  lines: string[];
  passed: boolean;
  yes: number;
  no: number;
  voters: number;
  by_deadline: boolean;
  closed_at: number;
  text: string;
}

/** The person at this browser. `accepts`: whether what they write is taken. */
export interface Me {
  type: "me";
  standing: Standing;
  signings: Signing[];
  accepts: boolean;
}

/** Where the person at this browser stands. */
export interface Standing {
  address: string;
  is_member: boolean;
  has_vote: boolean;
  is_banned: boolean;
  is_joining: boolean;
  key: Key | null;
}

/** What the person's own wallet is asked to sign. */
export interface Signing {
  id: string;
  purpose: string;
  title: string;
  method: "eth_signTypedData_v4" | "personal_sign";
  payload: string;
}

/** The group's state machine moved. */
export interface Transition {
  type: "state";
  old: State;
  new: State;
  deadline: number;
  cause: string;
  at_ms: number;
}

/** What was asked with this ref is durable. */
export interface Done {
  type: "done";
  ref: string;
}

/** What was asked with this ref was refused: `code` for programs, `text` for the person. */
export interface Refused {
  type: "refused";
  ref: string;
  code: string;
  text: string;
}

/** The last words before the page closes the socket. */
export interface Bye {
  type: "bye";
  text: string;
}

/** POST /api/sign-in. */
export interface SignIn {
  name: string;
  password: string;
}

/** POST /api/sign-out. */
export interface SignOut {
}

/** POST /api/name. */
export interface Rename {
  name: string;
}

/** POST /api/invitation/look. */
export interface LookAtInvitation {
  token: string;
}

/** POST /api/invitation. `name` empty: the one that was proposed. */
export interface AcceptInvitation {
  token: string;
  name: string;
  password: string;
}

/** POST /api/invitations, for operators. */
export interface Invite {
  name: string;
  operator: boolean;
}

/** POST /api/siwe/start. */
export interface SiweStart {
  address: string;
  chain_id: number;
}

/** POST /api/siwe: the text that was given, and its signature. `name`: for a wallet that is new here. */
export interface SiweFinish {
  message: string;
  signature: string;
  name?: string;
}

/** POST /api/link/look. */
export interface LookAtLink {
  code: string;
}

/** POST /api/link. */
export interface FinishLink {
  code: string;
  signature: string;
}

/** GET /api/session, and whatever signs in or out. */
export interface Session {
  signed_in: boolean;
  csrf: string;
  bridge: BridgeVersion;
  listens: string;
  user: User | null;
  rooms: RoomLink[];
  prefix: string;
  commands: CommandSpec[];
  test_accounts: TestAccount[];
}

/** Of the program. */
export interface BridgeVersion {
  name: string;
  version: string;
}

/** Who is signed in. `address` is '' until the bridge has opened the account. */
export interface User {
  user_id: string;
  name: string;
  address: string;
  kind: "hosted" | "wallet";
  operator: boolean;
}

/** A room of the page and the name of its group. */
export interface RoomLink {
  id: string;
  group: string;
}

/** A command, for completion and for what asks for its arguments. `arguments`: as the help writes them. */
export interface CommandSpec {
  name: string;
  arguments: string;
  summary: string;
  parameters: Parameter[];
}

/** One argument of a command. `words`: of a choice; `most`: characters of a text. */
export interface Parameter {
  name: string;
  kind: Kind;
  description: string;
  optional: boolean;
  words: string[];
  most: number;
}

/** An account for trying things out. */
export interface TestAccount {
  name: string;
  password: string;
}

/** Whom an invitation is for. */
export interface Invitation {
  name: string;
  operator: boolean;
}

/** What the invited person opens. */
export interface InvitationLink {
  link: string;
}

/** The text that the wallet is to sign. */
export interface SiweText {
  message: string;
}

/** Which account of a chat platform a wallet is to stand behind, and the text to sign. */
export interface Offer {
  platform: string;
  name: string;
  address: string;
  text: string;
}

/** An answer in words. */
export interface Words {
  text: string;
}

/** Messages before a position, ascending. `more`: there are older ones still. */
export interface OlderMessages {
  messages: Message[];
  more: boolean;
}

/** Every answer with a status of 400 and more: `error` for programs, `text` for the person. */
export interface Refusal {
  error: string;
  text: string;
}

export type Act = Say | Edit | Delete | React | Unreact | Command;

export type FromBrowser = Hello | Say | Edit | Delete | React | Unreact | Command | Sign;

export type FromPage = Welcome | Messages | GroupNow | Results | Me | Transition | Done | Refused | Bye;

/** Which body is sent where. */
export interface Posts {
  "/api/sign-in": SignIn;
  "/api/sign-out": SignOut;
  "/api/name": Rename;
  "/api/invitation/look": LookAtInvitation;
  "/api/invitation": AcceptInvitation;
  "/api/invitations": Invite;
  "/api/siwe/start": SiweStart;
  "/api/siwe": SiweFinish;
  "/api/link/look": LookAtLink;
  "/api/link": FinishLink;
}
