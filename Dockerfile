# syntax=docker/dockerfile:1
# H3 and SQLite are C: they are compiled in, and the binary is linked statically
# so that the image holds nothing but it.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=1 go build -trimpath \
      -tags netgo,osusergo,sqlite_omit_load_extension \
      -ldflags "-s -w -X main.version=${VERSION} -linkmode external -extldflags -static" \
      -o /out/streetsafe ./cmd/streetsafe \
 && mkdir /out/data

FROM scratch
COPY --from=build /out/streetsafe /streetsafe
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV STREETSAFE_DATA=/data
VOLUME /data
EXPOSE 8080
# The map is served on loopback only until accounts exist, so run the container
# in the host's network: docker run --network host -v streetsafe:/data IMAGE
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["/streetsafe", "doctor", "--url", "http://127.0.0.1:8080"]
ENTRYPOINT ["/streetsafe"]
CMD ["serve"]
