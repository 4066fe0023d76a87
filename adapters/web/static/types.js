// The shapes that the server sends, after wire.js has checked them. No code.

/** @typedef {"working" | "waiting" | "voting"} StateName */
/** @typedef {"yes" | "no" | ""} Vote */

/**
 * @typedef {object} User
 * @property {string} user_id
 * @property {string} name
 * @property {string} address
 * @property {"hosted" | "wallet"} kind
 * @property {boolean} operator
 */
/** @typedef {{name: string, arguments: string, summary: string}} Command */
/**
 * @typedef {object} Session
 * @property {boolean} signed_in
 * @property {string} csrf
 * @property {{name: string, version: string}} bridge
 * @property {string} listens
 * @property {User | null} user
 * @property {Array<{id: string, group: string}>} rooms
 * @property {string} prefix
 * @property {Command[]} commands
 * @property {Array<{name: string, password: string}>} test_accounts
 * @property {boolean} siwe
 */

/**
 * @typedef {object} Author
 * @property {string} name
 * @property {string} platform
 * @property {string} user_id
 * @property {string} address
 * @property {boolean} me
 * @property {boolean} bridge
 */
/** @typedef {{key: string, count: number, names: string[], mine: boolean}} Reaction */
/** @typedef {{name: string, url: string, size: number, media_type: string}} Attachment */
/**
 * @typedef {object} BallotNote  a ballot inside a message
 * @property {number} number
 * @property {string[]} question
 * @property {number} yes
 * @property {number} no
 * @property {number} voters
 * @property {number} deadline  Unix seconds; 0: none
 * @property {string} result    "" while it is open
 */
/**
 * @typedef {object} Message
 * @property {string} id
 * @property {number} position
 * @property {number} revision
 * @property {Author} author
 * @property {string} text
 * @property {string} html      cleaned by the server; drawn by safe-html.js only
 * @property {number} time_ms
 * @property {boolean} edited
 * @property {boolean} deleted
 * @property {"" | "waiting" | "sent" | "dropped"} fate
 * @property {string} reason
 * @property {boolean} late
 * @property {string} reply_to
 * @property {string} thread
 * @property {boolean} to_me
 * @property {Reaction[]} reactions
 * @property {Attachment[]} attachments
 * @property {BallotNote | null} ballot
 */

/**
 * @typedef {object} Member
 * @property {string} address
 * @property {string} name
 * @property {"hosted" | "own" | "elsewhere"} key
 * @property {boolean} is_bridge
 * @property {boolean} is_steward
 * @property {boolean} has_vote
 * @property {string[]} accounts
 * @property {boolean} me
 */
/** @typedef {{address: string, name: string, vote: Vote, me: boolean}} Voter */
/**
 * @typedef {object} Ballot
 * @property {number} number
 * @property {string[]} lines
 * @property {Voter[]} voters
 * @property {number} yes
 * @property {number} no
 * @property {number} deadline
 * @property {string} steward
 * @property {string} transaction
 * @property {"add" | "remove" | "policy"} kind
 * @property {Vote} mine
 * @property {boolean} may_vote
 */
/**
 * @typedef {object} Group
 * @property {string} name
 * @property {string} full_name
 * @property {StateName} state
 * @property {number} deadline
 * @property {number} epoch
 * @property {boolean} joined
 * @property {boolean} is_removed
 * @property {Member[]} members
 * @property {number} queued
 * @property {number} waiting_chat
 * @property {"waku" | "contract"} coordination
 * @property {string} transport
 * @property {string} chain
 * @property {Ballot | null} ballot
 * @property {number} now
 */
/**
 * @typedef {object} Result
 * @property {number} number
 * @property {string[]} lines
 * @property {boolean} passed
 * @property {number} yes
 * @property {number} no
 * @property {number} voters
 * @property {boolean} by_deadline
 * @property {number} closed_at
 * @property {string} text
 */
/** @typedef {{old: StateName, new: StateName, deadline: number, cause: string, at_ms: number}} Transition */
/**
 * @typedef {object} Signing
 * @property {string} id
 * @property {string} purpose
 * @property {string} title
 * @property {"personal_sign" | "eth_signTypedData_v4"} method
 * @property {string} payload
 */
/**
 * @typedef {object} Standing
 * @property {string} address
 * @property {boolean} is_member
 * @property {boolean} has_vote
 * @property {boolean} is_banned
 * @property {boolean} is_joining
 * @property {string} key
 */
/** @typedef {{standing: Standing, signings: Signing[], accepts: boolean}} Me */

/**
 * Something asked of the server that is not yet durable.
 * @typedef {object} Pending
 * @property {string} ref
 * @property {string} room
 * @property {string} user
 * @property {number} time_ms
 * @property {Record<string, any> & {type: string}} frame
 * @property {"unsent" | "sent" | "done" | "refused"} stage
 * @property {string} text     why it was refused
 */

export {};
