//! `/vac/waku/metadata/1.0.0`: which cluster and shards a peer serves.
//!
//! Mandatory when the cluster is not 0: without an answer, or with another cluster, go-waku and nwaku hang
//! up within 10 ms of connecting (measured). One varint-delimited protobuf goes each way.

use std::io;

use libp2p::StreamProtocol;
use libp2p::futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::request_response::Codec;
use prost::Message as _;

/// The protocol's name.
pub const PROTOCOL: StreamProtocol = StreamProtocol::new("/vac/waku/metadata/1.0.0");

/// Longest accepted message in bytes: room for all 1,024 shards of a cluster.
const MAX_SIZE: usize = 8 * 1024;

/// Request and response alike.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Metadata {
    /// The cluster that the node belongs to.
    #[prost(uint32, optional, tag = "1")]
    pub cluster_id: Option<u32>,
    /// Its relay shards.
    #[prost(uint32, repeated, tag = "3")]
    pub shards: Vec<u32>,
}

/// Reads and writes [`Metadata`].
#[derive(Debug, Clone, Copy, Default)]
pub struct MetadataCodec;

impl Codec for MetadataCodec {
    type Protocol = StreamProtocol;
    type Request = Metadata;
    type Response = Metadata;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Metadata>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Metadata>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io).await
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Metadata,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&request.encode_length_delimited_to_vec())
            .await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Metadata,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&response.encode_length_delimited_to_vec())
            .await
    }
}

async fn read<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<Metadata> {
    let mut data = vec![0; read_length(io).await?];
    io.read_exact(&mut data).await?;
    Metadata::decode(data.as_slice())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

async fn read_length<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<usize> {
    let mut length = 0;
    for shift in [0, 7] {
        let mut byte = [0];
        io.read_exact(&mut byte).await?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        if byte[0] < 0x80 && length <= MAX_SIZE {
            return Ok(length);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "metadata message too long",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use libp2p::futures::executor::block_on;
    use libp2p::futures::io::Cursor;

    fn decode(data: &[u8]) -> io::Result<Metadata> {
        block_on(read(&mut Cursor::new(data)))
    }

    #[test]
    fn shards_are_packed_in_field_three() {
        let metadata = Metadata {
            cluster_id: Some(15),
            shards: vec![1, 300],
        };
        let data = metadata.encode_length_delimited_to_vec();
        assert_eq!(data, [7, 0x08, 15, 0x1a, 3, 1, 0xac, 2]);
        assert_eq!(decode(&data).unwrap(), metadata);
    }

    #[test]
    fn all_shards_of_a_cluster_fit() {
        let metadata = Metadata {
            cluster_id: Some(1),
            shards: (0..1024).collect(),
        };
        assert_eq!(
            decode(&metadata.encode_length_delimited_to_vec()).unwrap(),
            metadata
        );
    }

    #[test]
    fn refuses_long_short_and_garbage() {
        assert!(decode(&[0xff, 0xff, 0xff, 0x7f]).is_err());
        assert!(decode(&[0xff, 0x7f]).is_err());
        assert!(decode(&[5, 0x08]).is_err());
        assert!(decode(&[2, 0xff, 0xff]).is_err());
        assert!(decode(&[]).is_err());
    }
}
